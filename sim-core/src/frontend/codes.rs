//! What each diagnostic code means, at length: what `vpcsim errors VPC021` prints.
//!
//! VPC001–009 YAML and JSON, 010–039 CloudFormation, 040–069 scenarios, 070–079 command lines, 101–199 warnings in the same
//! order. A code keeps its meaning for ever; a code no longer used is not given to something else.

/// A code and its explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The code, as in `VPC021`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why, and what to do.
    pub text: &'static str,
}

/// Every code, in order.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    [YAML, CLOUDFORMATION, SCENARIO, COMMAND_LINE, CLOUDFORMATION_WARNINGS, SCENARIO_WARNINGS].into_iter().flatten()
}

const fn code(code: &'static str, title: &'static str, text: &'static str) -> Explanation {
    Explanation { code, title, text }
}

const YAML: &[Explanation] = &[
    code(
        "VPC001",
        "not valid YAML or JSON",
        "The file cannot be read as YAML. Usual causes: a tab used for indentation, a quote or bracket that is not closed, a \
         colon followed by a space inside an unquoted text, or a line indented differently from its neighbours. Reading stops \
         at the first such place, so more may follow once it is put right.",
    ),
    code(
        "VPC002",
        "a key occurs twice in one map",
        "Only one of two equal keys could take effect, and which one depends on the program that reads the file. Remove one, \
         or give the second another name.",
    ),
    code(
        "VPC003",
        "YAML aliases and merge keys are not supported",
        "CloudFormation accepts neither `*alias` nor `<<:` in a template, so neither does vpcsim, in templates or in scenarios. \
         Write the value out where it is needed.",
    ),
    code(
        "VPC004",
        "more than one YAML document",
        "A file holds one document; what follows a second `---` is not read.",
    ),
    code("VPC005", "the file is empty", "The file holds nothing, or only comments."),
    code(
        "VPC006",
        "nested too deeply",
        "Lists and maps may nest up to 100 levels. No file written for AWS comes near; a bracket is probably not closed.",
    ),
    code("VPC007", "a key that is not a text", "The key of a map must be a plain or quoted text without a tag."),
    code(
        "VPC008",
        "a YAML tag that is not supported",
        "Only CloudFormation's short forms (`!Ref`, `!Sub`…) and `!!str` may be written. CloudFormation refuses `!!binary`, \
         `!!omap`, `!!set` and the like too.",
    ),
];

const CLOUDFORMATION: &[Explanation] = &[
    code(
        "VPC010",
        "not a CloudFormation template",
        "A template is a map with at least the section `Resources`, which declares at least one resource.",
    ),
    code(
        "VPC011",
        "no such section",
        "A template's sections are AWSTemplateFormatVersion, Description, Metadata, Parameters, Rules, Mappings, Conditions, \
         Transform, Resources and Outputs. AWS refuses a template with any other.",
    ),
    code(
        "VPC012",
        "a part of the template has the wrong shape",
        "A map was expected where a list or text stands, or the other way round; or a key is written that this place does not \
         have. Wrong indentation is the usual cause.",
    ),
    code(
        "VPC013",
        "something of CloudFormation that vpcsim cannot do",
        "Macros and transforms (also AWS::Serverless and AWS::Include) need code that runs at AWS. Write out what \
         they stand for, or deploy the expanded template.",
    ),
    code(
        "VPC014",
        "a parameter's declaration is wrong",
        "A parameter needs a `Type` that CloudFormation knows, and its constraints and default must fit that type.",
    ),
    code(
        "VPC015",
        "a parameter has no value",
        "The parameter has no `Default`, so a value must be given: in a scenario under `parameters`, beside `template`. AWS \
         refuses to create the stack, too. For AWS::EC2::KeyPair::KeyName any name will do.",
    ),
    code(
        "VPC016",
        "a parameter's value is refused",
        "The value does not fit the parameter's type, AllowedValues, AllowedPattern, length or range.",
    ),
    code(
        "VPC017",
        "a value is given for a parameter that does not exist",
        "The template declares no parameter of this name. AWS refuses the stack: \"Parameters: [X] do not exist in the \
         template\".",
    ),
    code(
        "VPC020",
        "no such function",
        "The tag or `Fn::` key is not an intrinsic function of CloudFormation, or not one that may be used here.",
    ),
    code(
        "VPC021",
        "no such name",
        "A Ref, Fn::GetAtt, Fn::Sub, DependsOn, Condition, Fn::FindInMap or `${…}` names something that the template does not \
         declare. Names are case-sensitive.",
    ),
    code(
        "VPC022",
        "a function is written wrongly",
        "The function's argument does not have the shape that CloudFormation asks for: too few or too many items, a text in \
         place of a list, or two functions in one map.",
    ),
    code(
        "VPC023",
        "no such attribute",
        "Fn::GetAtt asks for an attribute that this resource type does not return. The type's page in the CloudFormation \
         reference lists them under \"Return values\".",
    ),
    code(
        "VPC024",
        "resources or stacks depend on each other in a circle",
        "Each resource of the circle would have to be created before the next, and the last before the first. Break the \
         circle where a reference is not needed; for two security groups that name each other, move one rule into an \
         AWS::EC2::SecurityGroupIngress of its own. Stacks that take exports or `${stack.Name}` from each other in a \
         circle are refused likewise.",
    ),
    code(
        "VPC025",
        "a function has no result",
        "The function is written correctly, but its values give nothing: an index beyond the list, a key that the mapping \
         does not have, more address blocks than fit.",
    ),
    code(
        "VPC026",
        "a resource's declaration is wrong",
        "A resource needs a `Type`, and beside it only Properties, DependsOn, Condition, Metadata, DeletionPolicy, \
         UpdateReplacePolicy, CreationPolicy and UpdatePolicy. Its logical id is letters and digits only.",
    ),
    code("VPC028", "a required property is missing", "AWS refuses a resource of this type without the property."),
    code(
        "VPC029",
        "a property has the wrong kind of value",
        "As CloudFormation does, vpcsim turns `'80'` into a number, `\"true\"` into a boolean and a number into a text where \
         the property asks for it; anything else is refused.",
    ),
    code(
        "VPC030",
        "AWS refuses this",
        "The request that the resource stands for was refused. The message carries AWS's own error code and words.",
    ),
    code("VPC033", "a value is missing", "CloudFormation does not allow null values in a template."),
];

const SCENARIO: &[Explanation] = &[
    code(
        "VPC040",
        "the scenario cannot be read",
        "There is no such file, or it may not be read, or it is not UTF-8 text. A scenario is given as a file, as a \
         folder with a `scenario.yaml` in it, or as the name of a folder below `scenarios`.",
    ),
    code(
        "VPC041",
        "no such key",
        "A scenario has a fixed set of keys at each place; anything else is a slip, or belongs one level further in \
         or out. `vpcsim schema` prints all keys for an editor to complete from.",
    ),
    code(
        "VPC042",
        "the wrong kind of value",
        "A list stands where a map is needed, a text where a number is, or the other way round. Numbers and \
         `true`/`false` are written without quotes; `yes`, `no`, `on` and `off` are texts in YAML 1.2.",
    ),
    code("VPC043", "a key is missing", "This part of a scenario does nothing without the key."),
    code(
        "VPC044",
        "a step does nothing, or several things",
        "A step does exactly one of `run`, `wait`, `wait_for` and `fault`. Split it into several steps, which run one \
         after the other.",
    ),
    code(
        "VPC045",
        "not a duration",
        "A duration is one or more numbers, each with its unit: ns, us, ms, s, m, h or d, as in `250ms`, `30s` or \
         `1h30m`. The longest is a century.",
    ),
    code(
        "VPC046",
        "no such AWS Region",
        "The name is not that of an AWS Region which vpcsim knows. Availability Zones (`ap-northeast-2a`) are not \
         Regions.",
    ),
    code(
        "VPC047",
        "not an AWS account",
        "An account is twelve digits. Put it in quotes if it begins with 0, or YAML takes it for a number.",
    ),
    code(
        "VPC048",
        "a wrong address",
        "Not an IP address or block, or a private, reserved or multicast address where a host on the Internet needs a \
         public one. For examples RFC 5737 sets 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 aside.",
    ),
    code(
        "VPC050",
        "a template cannot be read",
        "The path under `template` is relative to the folder of the scenario. vpcsim is offline, so a URL cannot be \
         read: download the template.",
    ),
    code(
        "VPC051",
        "no stack, or two ways to give one",
        "A scenario has `stacks`, or `template` for a single stack called `main`: exactly one of the two.",
    ),
    code(
        "VPC052",
        "a number out of range",
        "The value is not a number of the kind that is needed here, or lies beyond the bounds that the message names.",
    ),
    code("VPC053", "not one of the words", "The value must be one of a few words, which the message names."),
    code(
        "VPC054",
        "no such reason of a drop",
        "`dropped` takes a code as a run prints it, one of the families ROUTE, SECURITY_GROUP, NACL, GATEWAY, MTU and \
         HOST, or `none`. Codes that AWS Reachability Analyzer uses for notes and analyses only are never the reason \
         why a packet is dropped.",
    ),
    code(
        "VPC055",
        "not a regular expression",
        "A text between slashes is a regular expression, and this one has a mistake. Put a backslash before brackets, \
         `.`, `*`, `+` and `?` that stand for themselves. `(?i)` in front ignores case.",
    ),
    code(
        "VPC056",
        "not a JMESPath expression",
        "`save` and `expect: json:` take expressions of JMESPath (jmespath.org), as `--query` of the AWS CLI does. A \
         name with a dash or a dot in it needs double quotes, a text single quotes or backquotes.",
    ),
    code(
        "VPC057",
        "`${…}` does not hold a name",
        "vpcsim fills in `${name}` before the shell sees the line. Write `$${…}` for what the shell should expand \
         itself; `$x` and `$(…)` need nothing.",
    ),
    code(
        "VPC059",
        "commands cannot run there",
        "`on` names an instance (by Name tag, logical id, `stack.LogicalId` or instance id) or a host under \
         `internet`. Without `on`, `aws` commands run on the operator's workstation.",
    ),
    code(
        "VPC060",
        "there is nothing to wait for",
        "`wait_for` takes the `name` of an earlier step with `background: true`, which no other step has waited for.",
    ),
    code(
        "VPC061",
        "a quote or here-document is not closed",
        "The shell would read on to the end of the text and never run the command. An apostrophe in an unquoted text \
         needs a backslash; a here-document ends at a line that holds its delimiter and nothing else.",
    ),
    code(
        "VPC062",
        "a name that means several things",
        "More than one stack has the logical id, or more than one instance the Name tag. Write `stack.LogicalId`.",
    ),
    code(
        "VPC063",
        "not simulated yet",
        "The format has this and vpcsim cannot do it yet. It is refused rather than skipped, since what comes after \
         it would show something else than AWS does.",
    ),
    code(
        "VPC064",
        "two parts of the scenario contradict each other",
        "Two hosts share an address or a DNS name, or `none` stands beside a reason of a drop.",
    ),
    code("VPC065", "not a moment", "A moment is written as RFC 3339 has it, `2024-01-01T00:00:00Z`, from 1970 on."),
    code(
        "VPC068",
        "a name that cannot be used",
        "Stacks and variables occur in `${…}`, so their names are letters, digits, `-` and `_`; a DNS name is labels \
         of letters, digits and `-` with dots between them.",
    ),
];

const COMMAND_LINE: &[Explanation] = &[];

const CLOUDFORMATION_WARNINGS: &[Explanation] = &[
    code(
        "VPC101",
        "a resource type is not simulated",
        "The resource is accepted and does nothing. A Ref or Fn::GetAtt of it gives a placeholder, and a resource that cannot \
         work without it is left out with a warning of its own.",
    ),
    code(
        "VPC102",
        "a property is unknown",
        "The resource type has no such property as far as vpcsim knows; it is accepted and does nothing. AWS refuses a property \
         that does not exist.",
    ),
    code(
        "VPC103",
        "a property is not simulated",
        "The property exists on AWS and would make a difference there, but does nothing here.",
    ),
    code(
        "VPC104",
        "a resource is left out",
        "The resource needs something that is not simulated, so it is not created either. What refers to it gets a placeholder.",
    ),
    code(
        "VPC105",
        "a part of the template has no effect",
        "AWS acts on this part; vpcsim accepts it and does nothing, because nothing of it can be seen on the network.",
    ),
];

const SCENARIO_WARNINGS: &[Explanation] = &[
    code(
        "VPC140",
        "an on-premises site is not simulated",
        "The site is accepted and does not exist: no VPN or Direct Connect leads to it, and no step can run on its \
         hosts.",
    ),
    code(
        "VPC141",
        "a key has no effect here",
        "The key is about a command's place or output, and this step runs no command.",
    ),
    code(
        "VPC142",
        "a reason that no packet is dropped for yet",
        "AWS drops packets for this reason; vpcsim does not simulate what it is about yet, so the expectation cannot \
         hold.",
    ),
    code(
        "VPC143",
        "an expectation that always holds",
        "The empty text occurs in every output, so the expectation says nothing.",
    ),
    code(
        "VPC144",
        "a command has no place to run",
        "A step without `on` is typed on the operator's workstation, which has `aws` and nothing else. Say with `on` which \
         instance, or host under `internet`, runs it.",
    ),
    code(
        "VPC145",
        "a scenario without steps",
        "The stacks are deployed and the instances boot, and then nothing is tried: such a run always succeeds.",
    ),
    code(
        "VPC150",
        "user data that is not wholly simulated",
        "An instance's user data has a line that vpcsim does not understand, or a command or option that it does not \
         simulate. The rest of the script has run; what the message names has not happened.",
    ),
    code(
        "VPC151",
        "user data that does not end",
        "An instance's user data still ran after an hour of virtual time. The steps begin without waiting longer; whatever \
         the script would have done later may come in the middle of them.",
    ),
    code(
        "VPC155",
        "no default VPC",
        "The scenario asks for default VPCs (`settings: { default_vpcs: true }`), and one of them was refused, most often \
         because a quota is set lower than it needs: one VPC, one Internet gateway, a subnet for each Availability Zone.",
    ),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the crate's sources can be read") {
            let path = entry.expect("the crate's sources can be read").path();
            if path.is_dir() {
                rust_files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn codes_are_in_order_and_explained() {
        let codes: Vec<&str> = all().map(|explanation| explanation.code).collect();
        assert!(codes.is_sorted(), "{codes:?}");
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
        for Explanation { code, title, text } in all() {
            assert!(!title.ends_with('.') && text.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn every_code_used_is_explained() {
        let mut files = Vec::new();
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let pattern = regex_lite::Regex::new("\"(VPC[0-9]{3})\"").expect("the pattern is valid");
        let mut used = 0;
        for file in files.iter().filter(|file| !file.ends_with("frontend/codes.rs")) {
            let text = fs::read_to_string(file).expect("the crate's sources can be read");
            for capture in pattern.captures_iter(&text) {
                used += 1;
                assert!(
                    all().any(|known| known.code == &capture[1]),
                    "{} of {} is not explained",
                    &capture[1],
                    file.display()
                );
            }
        }
        assert!(used > 10, "the sources were searched");
    }
}
