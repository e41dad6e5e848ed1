//! The time service: an NTP server (RFC 5905 §7.3) whose clock is the simulation's and never wrong.

use crate::host::Sys;

/// Seconds from 1900, when NTP's era begins, to 1970.
const NTP_EPOCH: i128 = 2_208_988_800;
/// Bytes of a packet without extensions.
pub(super) const PACKET: usize = 48;
/// As AWS documents its time source.
const STRATUM: u8 = 3;

/// Serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, _arguments: Vec<String>) -> i32 {
    let Ok(socket) = sys.udp_bind(123) else { return 1 };
    let mut buffer = [0; 512];
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(answer) = answer(&buffer[..len], timestamp(sys.wall_clock())) {
            // A client that cannot be reached does not hear it.
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// The answer to a client's request; other modes are none of a server's.
fn answer(request: &[u8], now: [u8; 8]) -> Option<[u8; PACKET]> {
    let request = request.get(..PACKET)?;
    let (version, mode) = (request[0] >> 3 & 7, request[0] & 7);
    if mode != 3 || !(1..=4).contains(&version) {
        return None;
    }
    let mut packet = [0; PACKET];
    packet[0] = version << 3 | 4;
    packet[1] = STRATUM;
    packet[2] = request[2]; // poll
    packet[3] = (-24i8) as u8; // precision: 60 ns
    packet[12..16].copy_from_slice(&[169, 254, 169, 122]); // SIM: where the service has its time from
    packet[16..24].copy_from_slice(&now); // reference
    packet[24..32].copy_from_slice(&request[40..48]); // origin: what the client sent
    packet[32..40].copy_from_slice(&now); // receive
    packet[40..48].copy_from_slice(&now); // transmit
    Some(packet)
}

/// RFC 5905 §6: seconds since 1900, modulo an era, and their fraction.
pub(super) fn timestamp(nanos: i128) -> [u8; 8] {
    let seconds = (nanos.div_euclid(1_000_000_000) + NTP_EPOCH) as u32;
    let fraction = (nanos.rem_euclid(1_000_000_000) << 32) / 1_000_000_000;
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..].copy_from_slice(&(fraction as u32).to_be_bytes());
    bytes
}
