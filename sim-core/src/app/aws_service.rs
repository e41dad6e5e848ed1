//! S3 and DynamoDB as a network sees them: a web server that answers requests nobody has signed, and refuses what the policy
//! of the gateway endpoint on the way does not allow (GWE-10).
//!
//! SIM: every bucket is there and private, except the buckets of Amazon Linux's repositories, which anybody may read. TLS is
//! not simulated: on port 443 it is spoken to in the clear.

use super::endpoint_policy::{Policy, Request};
use super::httpd::{Head, date, read_head};
use crate::host::{Sys, TcpStream};

/// Where the policy of the endpoint lies, if there is one on the way.
pub(crate) const POLICY: &str = "/etc/endpoint-policy.json";

/// Which service, where, and reached by which endpoint.
#[derive(Clone)]
struct Service {
    is_s3: bool,
    region: String,
    /// The endpoint and its VPC.
    endpoint: Option<(String, String)>,
}

/// What a service says to a request.
struct Response {
    status: &'static str,
    content_type: &'static str,
    location: Option<&'static str>,
    body: String,
}

/// `SERVICE REGION [ENDPOINT VPC]`: serves for as long as the host is up.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let [_, label, region, endpoint @ ..] = arguments.as_slice() else { return 2 };
    let endpoint = match endpoint {
        [endpoint, vpc] => Some((endpoint.clone(), vpc.clone())),
        _ => None,
    };
    let service = Service { is_s3: label == "s3", region: region.clone(), endpoint };
    for port in [80, 443] {
        let (task, service) = (sys.clone(), service.clone());
        sys.spawn(async move { serve(task, service, port).await });
    }
    0
}

async fn serve(sys: Sys, service: Service, port: u16) {
    let Ok(listener) = sys.tcp_listen(port) else { return };
    loop {
        let stream = listener.accept().await;
        let (task, service) = (sys.clone(), service.clone());
        sys.spawn(async move { converse(task, service, stream).await });
    }
}

async fn converse(sys: Sys, service: Service, stream: TcpStream) {
    let mut buffer = Vec::new();
    loop {
        let Some(head) = read_head(&sys, &stream, &mut buffer).await else { return };
        buffer.drain(..head.len);
        let client = stream.addresses().map(|(_, peer)| peer.ip());
        let response = if service.is_s3 {
            answer_s3(&sys, &service, &head, client)
        } else {
            answer_dynamodb(&sys, &service, &head, client)
        };
        let text = write(&sys, &service, &head, &response);
        if stream.write_all(text.as_bytes()).await.is_err() || !head.keep_alive {
            return;
        }
    }
}

fn answer_s3(sys: &Sys, service: &Service, head: &Head, client: Option<std::net::IpAddr>) -> Response {
    let (bucket, key) = bucket_and_key(head);
    let action = match (bucket.is_empty(), key.is_empty(), head.method.as_str()) {
        (true, ..) => "s3:ListAllMyBuckets",
        (_, true, "GET" | "HEAD") => "s3:ListBucket",
        (_, _, "GET" | "HEAD") => "s3:GetObject",
        (_, _, "PUT" | "POST") => "s3:PutObject",
        _ => "s3:DeleteObject",
    };
    let resource = match (bucket, key) {
        ("", _) => "*".to_owned(),
        (bucket, "") => format!("arn:aws:s3:::{bucket}"),
        (bucket, key) => format!("arn:aws:s3:::{bucket}/{key}"),
    };
    let is_read = matches!(head.method.as_str(), "GET" | "HEAD");
    if !is_allowed(sys, service, action, &resource, client) {
        return s3_error("403 Forbidden", "AccessDenied", "Access Denied");
    }
    match (bucket, is_read) {
        ("", true) if head.method == "HEAD" => s3_error(
            "405 Method Not Allowed",
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ),
        // Who has no account to list buckets of is shown the product page.
        ("", true) => Response {
            status: "307 Temporary Redirect",
            content_type: "text/html",
            location: Some("https://aws.amazon.com/s3/"),
            body: String::new(),
        },
        (bucket, true) if is_repository(bucket) && !key.is_empty() => Response {
            status: "200 OK",
            content_type: "binary/octet-stream",
            location: None,
            body: format!("https://{bucket}.s3.dualstack.{}.amazonaws.com/{key}\n", service.region),
        },
        _ => s3_error("403 Forbidden", "AccessDenied", "Access Denied"),
    }
}

/// The bucket that a request names, in its host name or at the start of its path, and the key in it.
fn bucket_and_key(head: &Head) -> (&str, &str) {
    let path = head.path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let labels: Vec<&str> = head.host.split('.').collect();
    let s3 = labels.iter().rposition(|label| *label == "s3" || label.starts_with("s3-")).unwrap_or(0);
    if s3 == 0 {
        return path.split_once('/').unwrap_or((path, ""));
    }
    let len = labels[..s3].iter().map(|label| label.len() + 1).sum::<usize>() - 1;
    (&head.host[..len], path)
}

/// Whether a bucket holds Amazon Linux's packages.
fn is_repository(bucket: &str) -> bool {
    bucket.starts_with("amazonlinux-2-repos-") || bucket.starts_with("al2023-repos-")
}

fn s3_error(status: &'static str, code: &str, message: &str) -> Response {
    Response {
        status,
        content_type: "application/xml",
        location: None,
        body: format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        ),
    }
}

fn answer_dynamodb(sys: &Sys, service: &Service, head: &Head, client: Option<std::net::IpAddr>) -> Response {
    let json = |status, kind: &str, message: &str| Response {
        status,
        content_type: "application/x-amz-json-1.0",
        location: None,
        body: format!("{{\"__type\":\"com.amazon.coral.service#{kind}\",\"message\":\"{message}\"}}"),
    };
    if !is_allowed(sys, service, "dynamodb:*", "*", client) {
        return json("403 Forbidden", "AccessDeniedException", "Access Denied");
    }
    match head.method.as_str() {
        "GET" | "HEAD" => Response {
            status: "200 OK",
            content_type: "text/plain",
            location: None,
            body: format!("healthy: dynamodb.{}.amazonaws.com ", service.region),
        },
        _ => json("400 Bad Request", "MissingAuthenticationTokenException", "Request is missing Authentication Token"),
    }
}

/// Whether the endpoint on the way, if there is one, lets the request through. The policy is read anew each time: it may have
/// been changed.
fn is_allowed(sys: &Sys, service: &Service, action: &str, resource: &str, client: Option<std::net::IpAddr>) -> bool {
    let Some((endpoint, vpc)) = &service.endpoint else { return true };
    let text = sys.read_file(POLICY).unwrap_or_default();
    let Some(policy) = Policy::read(&text) else { return true };
    policy.allows(&Request { action, resource, endpoint, vpc, client }, |what| {
        sys.note(format!(
            "the policy of {endpoint}: {what} is not simulated; a statement with it counts as not matching"
        ));
    })
}

fn write(sys: &Sys, service: &Service, head: &Head, response: &Response) -> String {
    let Response { status, content_type, location, body } = response;
    let location = location.map(|location| format!("Location: {location}\r\n")).unwrap_or_default();
    let server = if service.is_s3 { "AmazonS3" } else { "Server" };
    let connection = if head.keep_alive { "" } else { "Connection: close\r\n" };
    let len = body.len();
    let body = if head.method == "HEAD" { "" } else { body };
    format!(
        "HTTP/1.1 {status}\r\nDate: {}\r\nServer: {server}\r\n{location}Content-Length: {len}\r\n{connection}Content-Type: {content_type}\r\n\r\n{body}",
        date(sys)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_by_the_host_or_by_the_path() {
        for (host, path, bucket, key) in [
            ("s3.ap-northeast-2.amazonaws.com", "/", "", ""),
            ("s3.ap-northeast-2.amazonaws.com", "/photos/a/b.jpg?x=1", "photos", "a/b.jpg"),
            ("photos.s3.ap-northeast-2.amazonaws.com", "/a/b.jpg", "photos", "a/b.jpg"),
            ("my.photos.s3-us-west-2.amazonaws.com", "/", "my.photos", ""),
            ("photos.s3.dualstack.eu-west-1.amazonaws.com", "/a", "photos", "a"),
            ("52.219.25.38", "/photos", "photos", ""),
        ] {
            let head = Head {
                len: 0,
                method: "GET".to_owned(),
                path: path.to_owned(),
                host: host.to_owned(),
                keep_alive: true,
            };
            assert_eq!(bucket_and_key(&head), (bucket, key), "{host}{path}");
        }
    }
}
