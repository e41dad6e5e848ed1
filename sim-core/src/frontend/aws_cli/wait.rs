//! `aws ec2 wait …`: which request is repeated, how often, and what ends the waiting.
//!
//! Facts: botocore's EC2 waiter model (delays, attempts, acceptors), and botocore's rule that the first acceptor that
//! matches decides and that an error which none of them knows ends the waiting. Whoever runs the waiter owns the clock.

use serde_json::Value;

use self::Condition::{All, Answered, Any, Holds, Refused};
use self::Outcome::{Failure, Retry, Success};
use super::error::CliError;
use super::model::kebab_case;
use crate::cloud::ApiError;
use crate::engine::SimDuration;
use crate::frontend::query::Query;

/// A waiter: `aws ec2 wait vpc-available`.
#[derive(PartialEq, Debug)]
pub(crate) struct Waiter {
    /// AWS's name, as in `VpcAvailable`.
    pub(crate) name: &'static str,
    /// The operation that is repeated.
    pub(crate) operation: &'static str,
    /// The time from one answer to the next request.
    delay: SimDuration,
    max_attempts: u32,
    acceptors: &'static [(Outcome, Condition)],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Success,
    Failure,
    Retry,
}

#[derive(PartialEq, Debug)]
enum Condition {
    /// The request was accepted.
    Answered,
    /// The request was refused with this code.
    Refused(&'static str),
    /// The list that the expression gives is not empty, and all in it is this.
    All(&'static str, &'static str),
    /// Something in the list that the expression gives is this.
    Any(&'static str, &'static str),
    /// The expression holds.
    Holds(&'static str),
}

const INSTANCE_STATES: &str = "Reservations[].Instances[].State.Name";

const NAT_GATEWAY_STATES: &str = "NatGateways[].State";

const fn waiter(
    name: &'static str,
    operation: &'static str,
    delay_seconds: u64,
    max_attempts: u32,
    acceptors: &'static [(Outcome, Condition)],
) -> Waiter {
    Waiter { name, operation, delay: SimDuration::from_secs(delay_seconds), max_attempts, acceptors }
}

static WAITERS: [Waiter; 14] = [
    waiter(
        "InstanceExists",
        "DescribeInstances",
        5,
        40,
        &[(Success, Holds("length(Reservations[]) > `0`")), (Retry, Refused("InvalidInstanceID.NotFound"))],
    ),
    waiter(
        "InstanceRunning",
        "DescribeInstances",
        15,
        40,
        &[
            (Success, All(INSTANCE_STATES, "running")),
            (Failure, Any(INSTANCE_STATES, "shutting-down")),
            (Failure, Any(INSTANCE_STATES, "terminated")),
            (Failure, Any(INSTANCE_STATES, "stopping")),
            (Retry, Refused("InvalidInstanceID.NotFound")),
        ],
    ),
    waiter(
        "InstanceStatusOk",
        "DescribeInstanceStatus",
        15,
        40,
        &[
            (Success, All("InstanceStatuses[].InstanceStatus.Status", "ok")),
            (Retry, Refused("InvalidInstanceID.NotFound")),
        ],
    ),
    waiter(
        "InstanceStopped",
        "DescribeInstances",
        15,
        40,
        &[
            (Success, All(INSTANCE_STATES, "stopped")),
            (Failure, Any(INSTANCE_STATES, "pending")),
            (Failure, Any(INSTANCE_STATES, "terminated")),
        ],
    ),
    waiter(
        "InstanceTerminated",
        "DescribeInstances",
        15,
        40,
        &[
            (Success, All(INSTANCE_STATES, "terminated")),
            (Failure, Any(INSTANCE_STATES, "pending")),
            (Failure, Any(INSTANCE_STATES, "stopping")),
        ],
    ),
    waiter(
        "NatGatewayAvailable",
        "DescribeNatGateways",
        15,
        40,
        &[
            (Success, All(NAT_GATEWAY_STATES, "available")),
            (Failure, Any(NAT_GATEWAY_STATES, "failed")),
            (Failure, Any(NAT_GATEWAY_STATES, "deleting")),
            (Failure, Any(NAT_GATEWAY_STATES, "deleted")),
            (Retry, Refused("NatGatewayNotFound")),
        ],
    ),
    waiter(
        "NatGatewayDeleted",
        "DescribeNatGateways",
        15,
        40,
        &[(Success, All(NAT_GATEWAY_STATES, "deleted")), (Success, Refused("NatGatewayNotFound"))],
    ),
    waiter(
        "NetworkInterfaceAvailable",
        "DescribeNetworkInterfaces",
        20,
        10,
        &[
            (Success, All("NetworkInterfaces[].Status", "available")),
            (Failure, Refused("InvalidNetworkInterfaceID.NotFound")),
        ],
    ),
    waiter(
        "SecurityGroupExists",
        "DescribeSecurityGroups",
        5,
        6,
        &[(Success, Holds("length(SecurityGroups[].GroupId) > `0`")), (Retry, Refused("InvalidGroup.NotFound"))],
    ),
    waiter("SubnetAvailable", "DescribeSubnets", 15, 40, &[(Success, All("Subnets[].State", "available"))]),
    waiter("VpcAvailable", "DescribeVpcs", 15, 40, &[(Success, All("Vpcs[].State", "available"))]),
    waiter("VpcExists", "DescribeVpcs", 1, 5, &[(Success, Answered), (Retry, Refused("InvalidVpcID.NotFound"))]),
    waiter(
        "VpcPeeringConnectionDeleted",
        "DescribeVpcPeeringConnections",
        15,
        40,
        &[
            (Success, All("VpcPeeringConnections[].Status.Code", "deleted")),
            (Success, Refused("InvalidVpcPeeringConnectionID.NotFound")),
        ],
    ),
    waiter(
        "VpcPeeringConnectionExists",
        "DescribeVpcPeeringConnections",
        15,
        40,
        &[(Success, Answered), (Retry, Refused("InvalidVpcPeeringConnectionID.NotFound"))],
    ),
];

impl Waiter {
    /// All waiters, by name.
    pub(crate) fn all() -> impl Iterator<Item = &'static Waiter> + Clone {
        WAITERS.iter()
    }

    /// The name as typed, as in `vpc-available`.
    pub(crate) fn command(&'static self) -> String {
        kebab_case(self.name)
    }

    /// Begins to wait.
    pub(crate) fn start(&'static self) -> Waiting {
        Waiting { waiter: self, attempts: 0, has_retried: false }
    }
}

/// A waiter at work: it is told each answer and says what to do next.
#[derive(Debug)]
pub(crate) struct Waiting {
    waiter: &'static Waiter,
    attempts: u32,
    has_retried: bool,
}

/// What to do after an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// The command ends with status 0.
    Done,
    /// The command ends with this.
    Fail(CliError),
    /// The request is made again after this time.
    RetryAfter(SimDuration),
}

impl Waiting {
    /// Judges an answer. The first acceptor that matches decides.
    pub(crate) fn judge(&mut self, answer: &Result<Value, ApiError>) -> Next {
        self.attempts += 1;
        let matched = self.waiter.acceptors.iter().find(|(_, condition)| condition.matches(answer));
        match (matched, answer) {
            (Some((Success, _)), _) => return Next::Done,
            (Some((Failure, condition)), _) => {
                return self.fail(&format!("Waiter encountered a terminal failure state: {}", condition.explain()));
            }
            (None, Err(ApiError { code, message })) => {
                return self.fail(&format!("An error occurred ({code}): {message}"));
            }
            (Some((Retry, _)), _) => self.has_retried = true,
            (None, Ok(_)) => {}
        }
        if self.attempts < self.waiter.max_attempts {
            return Next::RetryAfter(self.waiter.delay);
        }
        // botocore names the acceptor it looked at last, which is not always the one that matched.
        let last = self.waiter.acceptors.last().filter(|_| self.has_retried);
        match last {
            Some((_, condition)) => {
                self.fail(&format!("Max attempts exceeded. Previously accepted state: {}", condition.explain()))
            }
            None => self.fail("Max attempts exceeded"),
        }
    }

    fn fail(&self, reason: &str) -> Next {
        Next::Fail(CliError::general(format!("Waiter {} failed: {reason}", self.waiter.name)))
    }
}

impl Condition {
    fn matches(&self, answer: &Result<Value, ApiError>) -> bool {
        let search = |expression: &str| match answer {
            Ok(answer) => Query::new(expression).and_then(|query| query.search(answer)).unwrap_or(Value::Null),
            Err(_) => Value::Null,
        };
        let list = |expression: &str| match search(expression) {
            Value::Array(values) => values,
            _ => Vec::new(),
        };
        match self {
            Answered => answer.is_ok(),
            Refused(code) => answer.as_ref().is_err_and(|error| error.code == *code),
            All(expression, expected) => {
                let values = list(expression);
                !values.is_empty() && values.iter().all(|value| value == expected)
            }
            Any(expression, expected) => list(expression).iter().any(|value| value == expected),
            Holds(expression) => search(expression) == Value::Bool(true),
        }
    }

    fn explain(&self) -> String {
        match self {
            Answered => "Matched expected HTTP status code: 200".to_owned(),
            Refused(code) => format!("Matched expected service error code: {code}"),
            All(expression, expected) => {
                format!("For expression \"{expression}\" all members matched expected path: \"{expected}\"")
            }
            Any(expression, expected) => {
                format!("For expression \"{expression}\" we matched expected path: \"{expected}\" at least once")
            }
            Holds(expression) => {
                format!("For expression \"{expression}\" we matched expected path: \"True\"")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Model;
    use super::*;
    use serde_json::json;

    fn waiting(command: &str) -> Waiting {
        Waiter::all().find(|waiter| waiter.command() == command).expect("a waiter").start()
    }

    fn instance(state: &str) -> Result<Value, ApiError> {
        Ok(json!({ "Reservations": [{ "Instances": [{ "State": { "Name": state } }] }] }))
    }

    #[test]
    fn every_waiter_repeats_an_operation_that_is_served_and_reads_its_answer() {
        for waiter in Waiter::all() {
            assert!(Model::get().operation("ec2", waiter.operation).is_some(), "{}", waiter.name);
            for (_, condition) in waiter.acceptors {
                if let All(expression, _) | Any(expression, _) | Holds(expression) = condition {
                    assert!(Query::new(expression).is_ok(), "{expression}");
                }
            }
        }
    }

    #[test]
    fn an_instance_is_waited_for_until_it_runs() {
        let mut waiting = waiting("instance-running");
        let absent = Err(ApiError::new("InvalidInstanceID.NotFound", "no"));
        assert_eq!(waiting.judge(&absent), Next::RetryAfter(SimDuration::from_secs(15)));
        assert_eq!(waiting.judge(&instance("pending")), Next::RetryAfter(SimDuration::from_secs(15)));
        assert_eq!(waiting.judge(&instance("running")), Next::Done);
    }

    #[test]
    fn a_state_that_cannot_come_right_ends_the_waiting() {
        let Next::Fail(error) = waiting("instance-running").judge(&instance("terminated")) else {
            panic!("it waits on")
        };
        assert_eq!(error.exit, 255);
        assert_eq!(
            error.stderr,
            "\nWaiter InstanceRunning failed: Waiter encountered a terminal failure state: For expression \
             \"Reservations[].Instances[].State.Name\" we matched expected path: \"terminated\" at least once\n"
        );
    }

    #[test]
    fn an_error_the_waiter_does_not_know_ends_the_waiting() {
        let refused = Err(ApiError::new("InvalidSubnetID.NotFound", "The subnet ID 's' does not exist"));
        let Next::Fail(error) = waiting("subnet-available").judge(&refused) else { panic!("it waits on") };
        assert_eq!(
            error.stderr,
            "\nWaiter SubnetAvailable failed: An error occurred (InvalidSubnetID.NotFound): The subnet ID 's' does not exist\n"
        );
    }

    #[test]
    fn the_last_attempt_is_the_fortieth() {
        let mut waiting = waiting("vpc-available");
        let empty = Ok(json!({ "Vpcs": [] }));
        for _ in 0..39 {
            assert_eq!(waiting.judge(&empty), Next::RetryAfter(SimDuration::from_secs(15)));
        }
        let Next::Fail(error) = waiting.judge(&empty) else { panic!("it waits on") };
        assert_eq!(error.stderr, "\nWaiter VpcAvailable failed: Max attempts exceeded\n");
    }

    #[test]
    fn a_nat_gateway_is_waited_for_until_it_is_available_or_has_failed_nat_16() {
        let gateway = |state: &str| Ok(json!({ "NatGateways": [{ "State": state }] }));
        let mut waiting_for = waiting("nat-gateway-available");
        assert_eq!(waiting_for.judge(&gateway("pending")), Next::RetryAfter(SimDuration::from_secs(15)));
        assert_eq!(waiting_for.judge(&gateway("available")), Next::Done);
        assert!(matches!(waiting("nat-gateway-available").judge(&gateway("failed")), Next::Fail(_)));
        let mut deleting = waiting("nat-gateway-deleted");
        assert_eq!(deleting.judge(&gateway("deleting")), Next::RetryAfter(SimDuration::from_secs(15)));
        assert_eq!(deleting.judge(&Err(ApiError::new("NatGatewayNotFound", "no"))), Next::Done);
    }

    #[test]
    fn a_peering_connection_that_is_gone_is_deleted() {
        let gone = Err(ApiError::new("InvalidVpcPeeringConnectionID.NotFound", "no"));
        assert_eq!(waiting("vpc-peering-connection-deleted").judge(&gone), Next::Done);
        let active = Ok(json!({ "VpcPeeringConnections": [{ "Status": { "Code": "active" } }] }));
        assert!(matches!(waiting("vpc-peering-connection-deleted").judge(&active), Next::RetryAfter(_)));
    }
}
