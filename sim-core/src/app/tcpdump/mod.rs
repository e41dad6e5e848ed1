//! `tcpdump`: the frames that cross the guest's own interfaces, as tcpdump prints them. It sees what the guest sends and what
//! reaches it – a packet that the VPC drops is on the sender's tap and on no other.

mod dns;
mod filter;
mod print;

use jiff::Timestamp;

use super::ip::{interface_name, interface_number};
use super::options::{Options, Parsed};
use crate::host::{Profile, Signal, Sys, TappedFrame};
use crate::net::Frame;
use filter::Filter;
use print::Printer;

/// How a line's time is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stamp {
    TimeOfDay,
    None,
    Epoch,
    Date,
}

/// What was asked for.
struct Request {
    interface: Option<String>,
    count: Option<usize>,
    stamp: Stamp,
    printer: Printer,
    filter: String,
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let request = match parse(&sys, &arguments) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let name = request.interface.clone().unwrap_or_else(|| interface_name(&sys, 0));
    let interface = match (name.as_str(), interface_number(&sys, &name)) {
        ("any", _) => None,
        ("lo", _) => return sys.not_simulated("tcpdump", "-i lo"),
        (_, Some(number)) => Some(number),
        (_, None) => {
            sys.eprint(format!("tcpdump: {name}: No such device exists\n(No such device exists)\n"));
            return 1;
        }
    };
    let filter = match Filter::parse(&request.filter) {
        Ok(filter) => filter,
        Err(error) => {
            if error.real {
                sys.note(format!("tcpdump: the filter '{}' is not simulated; nothing was captured", request.filter));
                sys.eprint(format!("vpcsim: tcpdump: filter '{}' is not simulated\n", request.filter));
                return 2;
            }
            sys.eprint(format!("tcpdump: {}\n", error.text));
            return 1;
        }
    };
    greet(&sys, &name, &request.printer);
    watch(&sys, request, interface, &filter).await
}

/// Prints what passes the filter until there is enough of it or somebody ends it.
async fn watch(sys: &Sys, mut request: Request, interface: Option<usize>, filter: &Filter) -> i32 {
    let tap = sys.tap(interface);
    let mut captured = 0;
    while request.count.is_none_or(|count| captured < count) {
        let frame = match sys.unless_signalled(tap.next()).await {
            Ok(frame) => frame,
            Err(Signal::Pipe) => return Signal::Pipe.exit(),
            Err(signal) => {
                // The terminal shows the key that was pressed.
                sys.eprint(if signal == Signal::Interrupt { "^C\n" } else { "\n" });
                break;
            }
        };
        let TappedFrame { at, interface: number, outgoing, bytes } = frame;
        let frame = Frame::new(bytes);
        if !filter.takes(&frame) {
            continue;
        }
        captured += 1;
        let elapsed = sys.now().since(at);
        let stamp = stamp(request.stamp, sys.wall_clock() - i128::from(elapsed.as_nanos()));
        let place = match interface {
            Some(_) => String::new(),
            None => format!("{} {} ", interface_name(sys, number), if outgoing { "Out" } else { "In " }),
        };
        sys.print(format!("{stamp}{place}{}\n", request.printer.line(&frame)));
    }
    let (plural, dropped) = (if captured == 1 { "" } else { "s" }, tap.dropped());
    sys.eprint(format!(
        "{captured} packet{plural} captured\n{captured} packet{plural} received by filter\n{dropped} packets dropped by kernel\n"
    ));
    0
}

fn greet(sys: &Sys, interface: &str, printer: &Printer) {
    let old = sys.profile() == Profile::AmazonLinux2;
    let (more, size) = if old { ("-v or -vv", "capture size") } else { ("-v[v]...", "snapshot length") };
    let link = match interface {
        "any" if old => "LINUX_SLL (Linux cooked)",
        "any" => "LINUX_SLL2 (Linux cooked v2)",
        _ => "EN10MB (Ethernet)",
    };
    if interface == "any" && !old {
        sys.eprint("tcpdump: data link type LINUX_SLL2\n");
    }
    let prefix = if printer.verbose {
        "tcpdump: ".to_owned()
    } else {
        format!("tcpdump: verbose output suppressed, use {more} for full protocol decode\n")
    };
    sys.eprint(format!("{prefix}listening on {interface}, link-type {link}, {size} 262144 bytes\n"));
}

/// The time in front of a line, `nanos` since 1970.
fn stamp(stamp: Stamp, nanos: i128) -> String {
    let micros = nanos.rem_euclid(1_000_000_000) / 1_000;
    let at = Timestamp::from_nanosecond(nanos).unwrap_or_default();
    match stamp {
        Stamp::None => String::new(),
        Stamp::Epoch => format!("{}.{micros:06} ", nanos.div_euclid(1_000_000_000)),
        Stamp::TimeOfDay => format!("{}.{micros:06} ", at.strftime("%H:%M:%S")),
        Stamp::Date => format!("{}.{micros:06} ", at.strftime("%Y-%m-%d %H:%M:%S")),
    }
}

fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let mut request = Request {
        interface: None,
        count: None,
        stamp: Stamp::TimeOfDay,
        printer: Printer::default(),
        filter: String::new(),
    };
    let mut words = Vec::new();
    let mut times = 0;
    for parsed in Options::new(arguments, "cisBCFGjMrTVwWyzZQE") {
        match parsed {
            Parsed::Operand(word) => words.push(word),
            Parsed::Value('c', value) => match value.parse::<usize>() {
                Ok(count) if count > 0 => request.count = Some(count),
                _ => {
                    sys.eprint(format!("tcpdump: invalid packet count {value}\n"));
                    return Err(1);
                }
            },
            Parsed::Value('i', value) => request.interface = Some(value.to_owned()),
            // Frames are kept whole, and nobody is root here.
            Parsed::Value('s' | 'Z' | 'B', _) => {}
            Parsed::Flag('n') => request.printer.numeric = true,
            Parsed::Flag('v') => request.printer.verbose = true,
            Parsed::Flag('e') => request.printer.link_level = true,
            Parsed::Flag('S') => request.printer.absolute = true,
            Parsed::Flag('t') => times += 1,
            // Lines are printed at once anyway; there is no promiscuous mode in a VPC (L2-9).
            Parsed::Flag('l' | 'U' | 'p' | 'K' | 'f') => {}
            Parsed::Long("immediate-mode") => {}
            Parsed::Flag(letter) | Parsed::Value(letter, _) => {
                return Err(sys.not_simulated("tcpdump", &format!("-{letter}")));
            }
            Parsed::Long(name) => return Err(sys.not_simulated("tcpdump", &format!("--{name}"))),
            Parsed::Missing(letter) => {
                sys.eprint(format!("tcpdump: option requires an argument -- '{letter}'\n"));
                return Err(1);
            }
        }
    }
    request.stamp = match times {
        0 => Stamp::TimeOfDay,
        1 => Stamp::None,
        2 => Stamp::Epoch,
        4 => Stamp::Date,
        _ => return Err(sys.not_simulated("tcpdump", "-ttt")),
    };
    request.filter = words.join(" ");
    Ok(request)
}
