//! A refused request: the code and sentence EC2 answers with.

use std::fmt;

/// An AWS error: a code from EC2's list and a message shaped like EC2's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// The code, as in `InvalidVpcID.NotFound`.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
}

impl ApiError {
    /// An error with this code and message.
    pub fn new(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
