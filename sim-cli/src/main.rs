//! vpcsim
fn main() {}
