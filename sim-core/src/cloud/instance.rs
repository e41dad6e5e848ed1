//! Instances and the images they start from.

use super::Tags;
use crate::engine::SimTime;
use crate::id::*;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) reservation: ReservationId,
    pub(crate) owner: AccountId,
    pub(crate) image: Image,
    pub(crate) instance_type: String,
    pub(crate) key_name: Option<String>,
    pub(crate) state: InstanceState,
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    /// By device index.
    pub(crate) interfaces: Vec<NetworkInterfaceId>,
    /// Decoded from Base64.
    pub(crate) user_data: Option<String>,
    pub(crate) launched: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// The states of an instance; those that pass by themselves say when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceState {
    Pending { until: SimTime },
    Running,
    Stopping { until: SimTime },
    Stopped,
    ShuttingDown { until: SimTime },
    Terminated { since: SimTime },
}

/// A machine image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    pub(crate) id: ImageId,
    pub(crate) name: String,
    pub(crate) family: ImageFamily,
}

/// What an image is built from: decides the texts of its tools, its initial TTL (L2-13) and its SYN retry schedule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ImageFamily {
    /// Amazon Linux 2.
    AmazonLinux2,
    /// Amazon Linux 2023.
    AmazonLinux2023,
    /// Ubuntu 22.04 or 24.04.
    Ubuntu,
    /// Windows Server.
    Windows,
}
