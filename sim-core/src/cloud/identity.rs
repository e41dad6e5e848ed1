//! Who the caller is: the Security Token Service's one operation that labs type.

use super::answer::{Answer, Object};
use super::request::requests;
use super::{Caller, Cloud};

requests! {
    /// Tells the account and name behind the caller's credentials.
    GetCallerIdentity {}
}

impl Cloud {
    /// SIM: the operator of every account is the user `lab`.
    pub(crate) fn get_caller_identity(&mut self, caller: &Caller, _: GetCallerIdentity) -> Answer {
        Ok(Object::new()
            .text("UserId", "AIDASAMPLEUSERID")
            .text("Account", caller.account)
            .text("Arn", format!("arn:aws:iam::{}:user/lab", caller.account))
            .into())
    }
}
