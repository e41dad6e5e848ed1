//! What happened: one typed event per hop and stage, and everything that is made from them.
//!
//! The pipeline tells this room, nobody else writes captures or explanations, and nothing here can change a result.

mod capture;
mod capture_batch;
mod capture_file;
mod capture_folder;
mod capture_writer;
mod drop;
mod drop_text;
mod enhanced_packet;
mod event;
mod file_name;
mod flow_log;
mod flow_log_file;
mod flow_log_record;
mod marks;
mod recording;
mod text;

pub(crate) use capture::{CapturePoint, CaptureSummary, CaptureWords, Captures};
pub use capture_file::{CaptureError, CaptureFormat, SnapLength};
pub(crate) use drop::{Decider, DropReason};
pub use drop::{DropCode, DropFamily};
pub(crate) use event::{Detail, FlowAction, GroupDecision, PacketId, PacketTag, Step, TraceEvent, VpcService};
pub use event::{Direction, Leg};
pub(crate) use file_name::folder_name;
pub(crate) use flow_log::{FlowLogSummary, FlowLogWords, FlowLogs};
pub(crate) use flow_log_record::{FlowLogField, FlowLogStream, RecordField};
pub(crate) use marks::{WatchedFlow, is_answer};
pub(crate) use recording::{Audience, Purpose, Recording, Trace};
