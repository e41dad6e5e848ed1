//! From a scenario to deployed stacks and back to the names in its steps.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;
use crate::cloud::{ApiError, RunInstances};
use crate::frontend::Api;
use crate::frontend::cloudformation::{Exports, deploy};
use crate::frontend::diagnostic::any_error;
use crate::id::Origin;

/// A control plane with one VPC.
struct OneVpc;

impl Api for OneVpc {
    fn call(&mut self, _: AccountId, _: Region, _: Origin, operation: &str, _: Value) -> Result<Value, ApiError> {
        let vpc = json!({ "VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.41.0.0/16" });
        Ok(match operation {
            "CreateVpc" => json!({ "Vpc": vpc }),
            "DescribeVpcs" => json!({ "Vpcs": [vpc] }),
            _ => json!({}),
        })
    }

    fn launch(&mut self, _: AccountId, _: Region, _: Origin, _: RunInstances) -> Result<String, ApiError> {
        unreachable!("there are no instances")
    }
}

#[test]
fn names_in_steps_are_the_deployed_resources() {
    let text = "\
stacks:
  lab:
    template:
      Parameters: { Block: { Type: String } }
      Resources:
        VPC01: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Block } }
        Balancer: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer }
    parameters: { Block: 10.41.0.0/16 }
steps:
  - run: aws ec2 describe-vpcs --vpc-ids ${VPC01} --filters Name=cidr,Values=${lab.VPC01.CidrBlock}
  - run: aws ec2 x ${VPC02} ${VPC01.CidrBlok} ${Balancer}
";
    let (sources, loaded) = load_text(text);
    let scenario = loaded.expect("it is right");
    let stack = &scenario.stacks[0];
    let (template, problems) = stack.template.parse(&sources);
    assert!(!any_error(&problems), "{}", listed(&sources, &problems));
    let template = template.expect("it has no error");
    let (lab, problems) =
        deploy(&sources, template, &stack.as_written(|_, _| None), &mut Exports::default(), &mut OneVpc);
    assert!(!any_error(&problems), "{}", listed(&sources, &problems));

    let stacks = [lab];
    assert_eq!(
        listed(&sources, &check_names(&scenario, &Declared::of(&stacks, &mut |_| None))),
        "VPC021 11:20 no resource or saved variable is named `VPC02` (did you mean `${VPC01}`?)\n\
         VPC021 11:29 no resource or saved variable is named `VPC01.CidrBlok` (did you mean `${VPC01.CidrBlock}`?)\n\
         VPC063 11:47 `Balancer` is not simulated: it is an AWS::ElasticLoadBalancingV2::LoadBalancer"
    );
    let Action::Run { commands, .. } = &scenario.steps[0].action else { panic!("it runs") };
    let mut deployed = Deployed { stacks: &stacks, api: &mut OneVpc };
    let mut scope = Scope { saved: &IndexMap::new(), stacks: &mut deployed };
    assert_eq!(
        commands[0].text.fill(&mut scope).as_deref(),
        Ok("aws ec2 describe-vpcs --vpc-ids vpc-0123456789abcdef0 --filters Name=cidr,Values=10.41.0.0/16")
    );
}
