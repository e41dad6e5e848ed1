//! Machine images: the public parameters that name them, and what an unknown id is taken for.
//!
//! Differs from AWS: there is no catalogue of all images. The images behind the public parameters are known, with an id that
//! is made up and stays the same for a Region; any other well-formed id of 17 hexadecimal digits is accepted as Amazon Linux 2023.

use smol_str::SmolStr;

use crate::id::*;

/// A machine image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Image {
    pub(crate) id: ImageId,
    pub(crate) name: SmolStr,
    pub(crate) family: ImageFamily,
}

/// What an image is built from: decides the texts of its tools, its initial TTL (L2-13) and its SYN retry schedule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum ImageFamily {
    /// Amazon Linux 2.
    AmazonLinux2,
    /// Amazon Linux 2023.
    AmazonLinux2023,
    /// Ubuntu 22.04 or 24.04.
    Ubuntu,
    /// Windows Server.
    Windows,
}

/// How the parameters of a family's images begin, and the end of those that are meant.
const PARAMETERS: &[(&str, &str, ImageFamily)] = &[
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-", "", ImageFamily::AmazonLinux2),
    ("/aws/service/ami-amazon-linux-latest/amzn-ami-", "", ImageFamily::AmazonLinux2),
    ("/aws/service/ami-amazon-linux-latest/al2023-ami-", "", ImageFamily::AmazonLinux2023),
    ("/aws/service/canonical/ubuntu/server/", "/ami-id", ImageFamily::Ubuntu),
    ("/aws/service/ami-windows-latest/", "", ImageFamily::Windows),
];

/// The parameters labs use; the images of all Regions behind these are known by id, and by the name in the catalogue.
const KNOWN_PARAMETERS: &[(&str, &str)] = &[
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2", "amzn2-ami-hvm-2.0.20240101.0-x86_64-gp2"),
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-ebs", "amzn2-ami-hvm-2.0.20240101.0-x86_64-ebs"),
    ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-arm64-gp2", "amzn2-ami-hvm-2.0.20240101.0-arm64-gp2"),
    (
        "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
        "amzn2-ami-kernel-5.10-hvm-2.0.20240101.0-x86_64-gp2",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2",
        "amzn2-ami-kernel-5.10-hvm-2.0.20240101.0-arm64-gp2",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "al2023-ami-2023.3.20240101.0-kernel-6.1-x86_64",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
        "al2023-ami-2023.3.20240101.0-kernel-6.1-arm64",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
        "al2023-ami-2023.3.20240101.0-kernel-6.1-x86_64",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64",
        "al2023-ami-2023.3.20240101.0-kernel-6.1-arm64",
    ),
    (
        "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64",
        "al2023-ami-minimal-2023.3.20240101.0-kernel-6.1-x86_64",
    ),
    (
        "/aws/service/canonical/ubuntu/server/20.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20240101",
    ),
    (
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20240101",
    ),
    (
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20240101",
    ),
    (
        "/aws/service/ami-windows-latest/Windows_Server-2019-English-Full-Base",
        "Windows_Server-2019-English-Full-Base-2024.01.01",
    ),
    (
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
        "Windows_Server-2022-English-Full-Base-2024.01.01",
    ),
    (
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base",
        "Windows_Server-2022-English-Core-Base-2024.01.01",
    ),
];

impl Image {
    /// The image behind a public parameter of the Systems Manager parameter store, as in
    /// `/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2`.
    pub(crate) fn from_ssm_parameter(region: Region, path: &str) -> Option<Image> {
        let (_, _, family) = PARAMETERS.iter().find(|(prefix, suffix, _)| {
            path.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix)).is_some_and(|rest| !rest.is_empty())
        })?;
        Some(Image { id: image_id(region, path), name: image_name(path), family: *family })
    }

    /// The images of a Region that can be found by asking, each with the name that its publisher gives it.
    pub(crate) fn catalogue(region: Region) -> impl Iterator<Item = (Image, &'static str)> {
        KNOWN_PARAMETERS.iter().filter_map(move |(path, name)| Some((Image::from_ssm_parameter(region, path)?, *name)))
    }

    /// The image with this id in a Region.
    pub(crate) fn from_id(region: Region, id: ImageId) -> Image {
        let known = KNOWN_PARAMETERS.iter().find(|(path, _)| image_id(region, path) == id);
        known.and_then(|(path, _)| Image::from_ssm_parameter(region, path)).unwrap_or_else(|| Image {
            id,
            name: SmolStr::new_static("al2023-ami"),
            family: ImageFamily::AmazonLinux2023,
        })
    }
}

/// An id that depends on Region and parameter only, not on the seed: a template may name it.
fn image_id(region: Region, path: &str) -> ImageId {
    let bytes = region.name().bytes().chain(path.bytes());
    // FNV-1a.
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    ImageId::from_number(hash)
}

fn image_name(path: &str) -> SmolStr {
    path.strip_prefix("/aws/service/canonical/").unwrap_or(path.rsplit('/').next().unwrap_or(path)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_parameters_name_an_image_per_region() {
        let seoul = Region::DEFAULT;
        let tokyo: Region = "ap-northeast-1".parse().expect("Tokyo is known");
        let (path, _) = KNOWN_PARAMETERS[0];
        let image = Image::from_ssm_parameter(seoul, path).expect("the parameter is known");
        assert_eq!(image.family, ImageFamily::AmazonLinux2);
        assert!(image.id.to_string().starts_with("ami-0"));
        assert_ne!(Image::from_ssm_parameter(tokyo, path).map(|other| other.id), Some(image.id));
        assert_eq!(Image::from_id(seoul, image.id), image);
        assert_eq!(Image::from_ssm_parameter(seoul, "/my/own/parameter"), None);
        for (path, _) in KNOWN_PARAMETERS {
            let image = Image::from_ssm_parameter(seoul, path).expect("every listed parameter is one of a family");
            assert_eq!(Image::from_id(seoul, image.id).family, image.family, "{path}");
        }
    }
}
