//! Many small records to one topic.
//!
//! `rdkafka` copies the topic's name and looks it up for each record, under a lock
//! that librdkafka's threads want too. Here it is looked up once.

#![expect(unsafe_code, reason = "rdkafka has no handles of topics")]

use std::ffi::{CString, c_int, c_void};
use std::mem;
use std::ptr::{self, NonNull};

use rdkafka::bindings::{
    RD_KAFKA_MSG_F_COPY, rd_kafka_error_code, rd_kafka_error_destroy, rd_kafka_produceva,
    rd_kafka_topic_destroy, rd_kafka_topic_new, rd_kafka_topic_t, rd_kafka_vtype_t as Type,
    rd_kafka_vu_s__bindgen_ty_1 as Content, rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 as Bytes,
    rd_kafka_vu_t as Argument,
};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::Producer as _;

use super::{Headers, Producer};

/// librdkafka's `RD_KAFKA_PARTITION_UA`: its partitioner decides.
const UNASSIGNED: i32 = -1;

/// A record without its topic.
#[derive(Debug)]
pub struct TopicRecord<'a> {
    /// The partition; `None`: it follows from the key.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is Kafka's null.
    pub value: Option<&'a [u8]>,
    /// The headers, where there are any.
    pub headers: Option<Headers>,
}

/// A topic as a producer knows it.
pub struct TopicSender {
    client: Producer,
    topic: NonNull<rd_kafka_topic_t>,
}

impl TopicSender {
    /// Touches no network. `None`: librdkafka doesn't take the name.
    pub fn new(client: &Producer, topic: &str) -> Option<Self> {
        let name = CString::new(topic).ok()?;
        // SAFETY: the client lives; the name ends with a NUL, and is copied.
        let topic = unsafe {
            rd_kafka_topic_new(client.client().native_ptr(), name.as_ptr(), ptr::null_mut())
        };
        Some(Self {
            client: client.clone(),
            topic: NonNull::new(topic)?,
        })
    }

    /// Queues a copy of the record, and takes its headers. After an error it is as before.
    pub fn send(&self, record: &mut TopicRecord<'_>) -> KafkaResult<()> {
        let topic = self.topic.as_ptr();
        let headers = record
            .headers
            .as_ref()
            .map_or(ptr::null_mut(), Headers::as_ptr);
        let partition = record.partition.unwrap_or(UNASSIGNED);
        let arguments = [
            argument(Type::RD_KAFKA_VTYPE_RKT, Content { rkt: topic }),
            argument(Type::RD_KAFKA_VTYPE_PARTITION, Content { i32_: partition }),
            argument(
                Type::RD_KAFKA_VTYPE_MSGFLAGS,
                Content {
                    i: RD_KAFKA_MSG_F_COPY as c_int,
                },
            ),
            argument(Type::RD_KAFKA_VTYPE_KEY, bytes(record.key)),
            argument(Type::RD_KAFKA_VTYPE_VALUE, bytes(record.value)),
            argument(Type::RD_KAFKA_VTYPE_HEADERS, Content { headers }),
        ];
        // SAFETY: the client and its topic live as long as `self`; each argument has the
        // content of its type; what they point to outlives the call, which copies key and
        // value and doesn't write to them.
        let error = unsafe {
            rd_kafka_produceva(
                self.client.client().native_ptr(),
                arguments.as_ptr(),
                arguments.len(),
            )
        };
        if error.is_null() {
            // They are librdkafka's now.
            mem::forget(record.headers.take());
            return Ok(());
        }
        // SAFETY: the error is ours, to be destroyed once.
        let code = unsafe {
            let code = rd_kafka_error_code(error);
            rd_kafka_error_destroy(error);
            code
        };
        Err(KafkaError::MessageProduction(code.into()))
    }
}

impl Drop for TopicSender {
    fn drop(&mut self) {
        // SAFETY: it is ours, nobody has it after this, and the client still lives.
        unsafe { rd_kafka_topic_destroy(self.topic.as_ptr()) };
    }
}

fn argument(vtype: Type, u: Content) -> Argument {
    Argument { vtype, u }
}

fn bytes(bytes: Option<&[u8]>) -> Content {
    let mem = Bytes {
        ptr: bytes.map_or(ptr::null_mut(), |bytes| bytes.as_ptr() as *mut c_void),
        size: bytes.map_or(0, <[u8]>::len),
    };
    Content { mem }
}
