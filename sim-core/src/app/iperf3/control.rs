//! iperf3's control connection: a cookie of 37 bytes, states of one byte, and JSON with its length in front.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::host::{Errno, Sys, TcpBuffers, TcpStream};

/// Thirty-six characters and a NUL: they tell the connections of one test from those of another.
pub(super) type CookieBytes = [u8; 37];

/// What Linux lets the buffers of a bulk transfer grow to when nobody has chosen a size: the largest of `net.ipv4.tcp_wmem`, and the
/// half of the largest of `net.ipv4.tcp_rmem` that is announced as the window (tcp(7)).
const AUTOTUNED: TcpBuffers = TcpBuffers { send: 4 << 20, receive: 3 << 20 };

/// See [`CookieBytes`].
#[derive(PartialEq, Eq)]
pub(super) struct Cookie(pub(super) CookieBytes);

impl Cookie {
    pub(super) fn draw(sys: &Sys) -> Cookie {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut bytes = [0; 37];
        for byte in &mut bytes[..36] {
            *byte = LETTERS[(sys.random() % 32) as usize];
        }
        Cookie(bytes)
    }
}

/// Where a test is (iperf3's `iperf_api.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i8)]
pub(super) enum State {
    AccessDenied = -1,
    TestStart = 1,
    TestRunning = 2,
    TestEnd = 4,
    ParamExchange = 9,
    CreateStreams = 10,
    ServerTerminate = 11,
    ClientTerminate = 12,
    ExchangeResults = 13,
    DisplayResults = 14,
    IperfDone = 16,
}

impl State {
    const ALL: [State; 11] = [
        State::AccessDenied,
        State::TestStart,
        State::TestRunning,
        State::TestEnd,
        State::ParamExchange,
        State::CreateStreams,
        State::ServerTerminate,
        State::ClientTerminate,
        State::ExchangeResults,
        State::DisplayResults,
        State::IperfDone,
    ];
}

/// What a client asks for.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) tcp: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) udp: bool,
    pub(super) omit: u64,
    /// Seconds.
    pub(super) time: u64,
    /// Bytes to send instead, when it is not 0.
    pub(super) num: u64,
    pub(super) parallel: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) reverse: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<usize>,
    pub(super) len: usize,
    /// Bits a second of each stream; 0 for as many as go.
    pub(super) bandwidth: u64,
    pub(super) client_version: String,
}

impl Parameters {
    /// Holds what a stranger sent to what this program can do.
    pub(super) fn make_sane(&mut self, len_max: usize) {
        self.parallel = self.parallel.clamp(1, 128);
        self.len = self.len.clamp(16, len_max);
        self.window = self.window.map(|window| window.min(super::options::WINDOW_MAX));
    }

    pub(super) fn buffers(&self) -> TcpBuffers {
        self.window.map_or(AUTOTUNED, |window| TcpBuffers { send: window, receive: window })
    }
}

/// What a side measured.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Results {
    pub(super) cpu_util_total: f64,
    pub(super) cpu_util_user: f64,
    pub(super) cpu_util_system: f64,
    pub(super) sender_has_retransmits: i32,
    pub(super) streams: Vec<StreamResult>,
}

/// What it measured of one stream.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StreamResult {
    pub(super) id: u32,
    pub(super) bytes: u64,
    pub(super) retransmits: i64,
    /// Seconds.
    pub(super) jitter: f64,
    pub(super) errors: u64,
    pub(super) packets: u64,
    pub(super) start_time: f64,
    pub(super) end_time: f64,
}

/// A control connection, or one that may still turn out to be another's.
pub(super) struct Control(TcpStream);

impl Control {
    pub(super) fn new(stream: TcpStream) -> Control {
        Control(stream)
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.0
    }

    pub(super) fn addresses(&self) -> Option<(std::net::SocketAddr, std::net::SocketAddr)> {
        self.0.addresses()
    }

    pub(super) async fn send_cookie(&self, cookie: &Cookie) -> Result<(), Failure> {
        self.write(&cookie.0).await
    }

    pub(super) async fn read_cookie(&self) -> Result<Cookie, Failure> {
        let mut cookie = [0; 37];
        self.fill(&mut cookie).await?;
        Ok(Cookie(cookie))
    }

    pub(super) async fn send(&self, state: State) -> Result<(), Failure> {
        self.write(&(state as i8).to_be_bytes()).await
    }

    /// The next state.
    pub(super) async fn read(&self) -> Result<State, Failure> {
        let mut byte = [0];
        self.fill(&mut byte).await?;
        let found = State::ALL.into_iter().find(|&state| state as i8 == i8::from_be_bytes(byte));
        match found {
            Some(State::AccessDenied) => Err(Failure("the server is busy running a test. try again later".to_owned())),
            Some(State::ServerTerminate) => Err(Failure("the server has terminated".to_owned())),
            Some(State::ClientTerminate) => Err(Failure("the client has terminated".to_owned())),
            Some(state) => Ok(state),
            None => Err(Failure("received an unknown control message".to_owned())),
        }
    }

    pub(super) async fn expect(&self, expected: State) -> Result<(), Failure> {
        if self.read().await? == expected {
            Ok(())
        } else {
            Err(Failure("received an unknown control message".to_owned()))
        }
    }

    pub(super) async fn send_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_vec(value).expect("numbers and strings have a form in JSON");
        self.write(&(text.len() as u32).to_be_bytes()).await?;
        self.write(&text).await
    }

    pub(super) async fn read_json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        const LEN_MAX: usize = 1 << 20;
        let mut len = [0; 4];
        self.fill(&mut len).await?;
        let len = u32::from_be_bytes(len) as usize;
        let unable = || Failure("unable to receive parameters from client".to_owned());
        if len > LEN_MAX {
            return Err(unable());
        }
        let mut text = vec![0; len];
        self.fill(&mut text).await?;
        serde_json::from_slice(&text).map_err(|_| unable())
    }

    async fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).await.map_err(broken)
    }

    async fn fill(&self, mut buffer: &mut [u8]) -> Result<(), Failure> {
        while !buffer.is_empty() {
            match self.0.read(buffer).await.map_err(broken)? {
                0 => return Err(Failure("control socket has closed unexpectedly".to_owned())),
                len => buffer = &mut buffer[len..],
            }
        }
        Ok(())
    }
}

fn broken(errno: Errno) -> Failure {
    Failure(format!("unable to send control message: {errno}"))
}
