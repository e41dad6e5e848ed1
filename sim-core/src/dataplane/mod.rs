//! What is done to frames: compiled tables, flow state, and the pipeline. No Create or Describe words here.
//!
//! Start reading at [`pipeline`].

pub mod pipeline;
pub mod tables;
