//! Every key of the scenario file, with its meaning and the form of its value: the format's single table.
//!
//! A key that is added here is known to the checker and to the JSON Schema at once; a test sees to it that `parse.rs`
//! reads it too.

use super::scalar::Scalar;
use super::shape::{KeySpec, Object, Presence, Shape};

const TEXT: Shape = Shape::Scalar(Scalar::Text);
const TEXTS: Shape = Shape::Either(&[TEXT, Shape::List(&TEXT)]);
const DURATION: Shape = Shape::Scalar(Scalar::Duration);
const PORT: Shape = Shape::Scalar(Scalar::Whole { min: 1, max: 65_535 });
const ADDRESS: Shape = Shape::Scalar(Scalar::Address);
const REGION: Shape = Shape::Scalar(Scalar::Region);
const TEMPLATE: Shape = Shape::Either(&[TEXT, Shape::AnyMap]);
const PARAMETERS: Shape = Shape::MapOf(&TEXTS);
/// The largest seed that every JSON reader keeps exactly.
const ANY_NUMBER: Scalar = Scalar::Whole { min: 0, max: u64::MAX };

const fn optional(name: &'static str, shape: Shape, meaning: &'static str) -> KeySpec {
    KeySpec { name, meaning, shape, presence: Presence::Optional }
}

const fn required(name: &'static str, shape: Shape, meaning: &'static str) -> KeySpec {
    KeySpec { name, meaning, shape, presence: Presence::Required }
}

const fn object(title: &'static str, keys: &'static [KeySpec]) -> Object {
    Object { title, keys, exactly_one: &[], exactly_one_code: "" }
}

/// The whole file.
pub(super) static SCENARIO: Object = Object {
    title: "a scenario",
    keys: &[
        optional("name", TEXT, "what the scenario is called; also names the folder of its captures"),
        optional("description", TEXT, "what the scenario shows"),
        optional("region", REGION, "the Region of stacks that name none; ap-northeast-2 if absent"),
        optional("template", TEMPLATE, "the template of a single stack called main: a path, or the template itself"),
        KeySpec {
            name: "parameters",
            meaning: "values for the parameters of `template`",
            shape: PARAMETERS,
            presence: Presence::Beside("template"),
        },
        optional("stacks", Shape::MapOf(&Shape::Object(&STACK)), "the stacks to create, by name"),
        optional("internet", Shape::MapOf(&Shape::Object(&INTERNET_HOST)), "hosts on the Internet, by name"),
        optional("on_premises", Shape::MapOf(&Shape::Object(&SITE)), "sites reached by VPN or Direct Connect, by name"),
        optional("settings", Shape::Object(&SETTINGS), "what holds for the whole run"),
        optional("steps", Shape::List(&Shape::Object(&STEP)), "what is done, in order, once every instance has booted"),
    ],
    exactly_one: &["template", "stacks"],
    exactly_one_code: "VPC051",
};

/// A stack.
pub(super) static STACK: Object = object(
    "a stack",
    &[
        required("template", TEMPLATE, "the CloudFormation template: a path, or the template itself"),
        optional("parameters", PARAMETERS, "values for the template's parameters; `${stack.Name}` is another stack's"),
        optional("region", REGION, "where the stack is created"),
        optional("account", Shape::Scalar(Scalar::Account), "whose the stack is; 123456789012 if absent"),
    ],
);

const NAMES: KeySpec = optional("names", TEXTS, "the host's names in the DNS");
const HTTP: KeySpec = optional("http", TEXT, "the body of the page `/` that the host serves on port 80");
const PORTS: KeySpec = optional("ports", Shape::List(&PORT), "TCP ports that answer");

/// A host on the Internet.
pub(super) static INTERNET_HOST: Object =
    object("an Internet host", &[required("ip", ADDRESS, "the host's public address"), NAMES, HTTP, PORTS]);

/// A host on a site.
pub(super) static SITE_HOST: Object =
    object("an on-premises host", &[required("ip", ADDRESS, "the host's address"), NAMES, HTTP, PORTS]);

/// A site.
pub(super) static SITE: Object = object(
    "an on-premises site",
    &[
        required("cidr", Shape::Scalar(Scalar::Block), "the site's address block"),
        optional("bgp_asn", Shape::Scalar(Scalar::Whole { min: 1, max: 4_294_967_294 }), "its autonomous system"),
        optional("hosts", Shape::MapOf(&Shape::Object(&SITE_HOST)), "its hosts, by name"),
        optional("gateway_ip", ADDRESS, "the outside address of its customer gateway"),
    ],
);

/// The settings.
pub(super) static SETTINGS: Object = object(
    "`settings`",
    &[
        optional("seed", Shape::Scalar(ANY_NUMBER), "jitter, ids, ports and sequence numbers follow from it"),
        optional("start", Shape::Scalar(Scalar::Moment), "the wall clock at virtual time 0, as captures show it"),
        optional("quotas", Shape::MapOf(&Shape::Scalar(ANY_NUMBER)), "quotas that differ from AWS's defaults"),
        optional(
            "packages",
            Shape::Scalar(Scalar::Word(&["mirror", "preinstalled"])),
            "whether yum and apt need a working path to the package mirror",
        ),
        optional(
            "default_vpcs",
            Shape::Scalar(Scalar::Boolean),
            "whether every account of a stack has a default VPC in the stack's Region, as on AWS",
        ),
        optional("links", Shape::Object(&LINKS), "figures of links that differ from the defaults"),
    ],
);

/// The hosts' own links, and the classes of links between places, named as [`super::LinkClass::as_str`] names them.
pub(super) static LINKS: Object = object(
    "`links`",
    &[
        optional(
            "bandwidth",
            Shape::Scalar(Scalar::Rate),
            "of the link between a host and its interface, in bits per second",
        ),
        optional("same_az", Shape::Object(&LINK), "links within an Availability Zone"),
        optional("cross_az", Shape::Object(&LINK), "links between Availability Zones of a Region"),
        optional("cross_region", Shape::Object(&LINK), "links between Regions"),
        optional("internet", Shape::Object(&LINK), "links between AWS and hosts outside it"),
    ],
);

/// A class of links.
pub(super) static LINK: Object = object(
    "a class of links",
    &[
        optional("latency", DURATION, "one way"),
        optional("jitter", DURATION, "at most this much more, by chance"),
        optional("loss", Shape::Scalar(Scalar::Share), "packets lost by chance"),
    ],
);

/// A step.
pub(super) static STEP: Object = Object {
    title: "a step",
    keys: &[
        optional("name", TEXT, "what the step is called; the command itself if absent"),
        optional("on", TEXT, "where the commands run; the operator's workstation if absent, where only aws runs"),
        optional("run", TEXT, "the commands as typed, one a line"),
        optional("background", Shape::Scalar(Scalar::Boolean), "true: the next step begins at once"),
        optional("wait_for", TEXT, "the name of a background step whose output this step collects"),
        optional("save", Shape::MapOf(&TEXT), "variables, each with a JMESPath expression over the answer"),
        optional("expect", Shape::Object(&EXPECT), "what should be seen; exit status 0 if absent"),
        optional("wait", DURATION, "lets virtual time pass"),
        optional("fault", Shape::Object(&FAULT), "breaks something; not simulated yet"),
    ],
    exactly_one: &["run", "wait", "fault", "wait_for"],
    exactly_one_code: "VPC044",
};

/// A fault.
pub(super) static FAULT: Object = Object {
    title: "a fault",
    keys: &[
        optional("link", TEXT, "the link to break"),
        optional("instance", TEXT, "the instance to break"),
        optional("az", TEXT, "the Availability Zone to break"),
        optional("gateway", TEXT, "the gateway to break"),
        optional("loss", Shape::Scalar(Scalar::Share), "packets lost"),
        optional("latency", Shape::Scalar(Scalar::AddedDuration), "added latency"),
        optional("down", Shape::Scalar(Scalar::Boolean), "nothing gets through"),
        optional("for", DURATION, "how long it lasts; to the end if absent"),
    ],
    exactly_one: &["link", "instance", "az", "gateway"],
    exactly_one_code: "VPC044",
};

const MATCHES: Shape = Shape::Either(&[TEXT, Shape::Object(&MATCH), Shape::List(&ONE_MATCH)]);
const ONE_MATCH: Shape = Shape::Either(&[TEXT, Shape::Object(&MATCH)]);
const DROP: Shape = Shape::Either(&[TEXT, Shape::Object(&DROPPED_BY)]);

/// What a step expects.
pub(super) static EXPECT: Object = object(
    "`expect`",
    &[
        optional(
            "exit",
            Shape::Scalar(Scalar::Whole { min: 0, max: 255 }),
            "the exit status; 0 unless `error` is given",
        ),
        optional("stdout", MATCHES, "texts that occur in the output; /…/ is a regular expression"),
        optional("stderr", MATCHES, "texts that occur in the error output; /…/ is a regular expression"),
        optional("error", TEXT, "the AWS error code of a failing aws command"),
        optional("json", Shape::MapOf(&Shape::Json), "values by JMESPath expression over the answer"),
        optional(
            "dropped",
            Shape::Either(&[TEXT, Shape::Object(&DROPPED_BY), Shape::List(&DROP)]),
            "the reason why a packet was dropped: a code, a family, or none",
        ),
        optional("path", Shape::List(&TEXT), "what the step's first packet passed, in order"),
        optional("return_path", Shape::List(&TEXT), "what the first packet back passed, in order"),
        optional("within", DURATION, "the most virtual time the command may take"),
    ],
);

/// A text match that is more than a text.
pub(super) static MATCH: Object = Object {
    title: "a text match",
    keys: &[
        optional("not", Shape::Either(&[TEXT, Shape::Object(&EQUALS)]), "a text that does not occur"),
        optional("equals", TEXT, "the whole text, final newline aside"),
    ],
    exactly_one: &["not", "equals"],
    exactly_one_code: "VPC043",
};

/// What `not` may turn round besides a text.
pub(super) static EQUALS: Object = object("`not`", &[required("equals", TEXT, "the whole text, final newline aside")]);

/// A drop with the resource that did it.
pub(super) static DROPPED_BY: Object = object(
    "`dropped`",
    &[
        required("reason", TEXT, "a code or a family"),
        optional("by", TEXT, "the resource that dropped it: its logical id, Name or id"),
    ],
);
