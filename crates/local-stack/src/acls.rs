//! Rights of users on a secured broker: Kafka's ACLs.

#![expect(unsafe_code, reason = "rdkafka has no calls for ACLs")]

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rdkafka::admin::AdminClient;
use rdkafka::bindings as native;
use rdkafka::client::DefaultClientContext;

use crate::{Access, wait_until};
use native::rd_kafka_AclOperation_t as Operation;
use native::rd_kafka_AclPermissionType_t as Permission;
use native::rd_kafka_ResourcePatternType_t as Pattern;
use native::rd_kafka_ResourceType_t as Kind;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Grants rights, each as `user:Operation:Type:name`, in Kafka's words; a name that ends
/// in `*` stands for all that begin so. They hold when this returns.
pub fn grant(kafka: impl Into<Access>, rights: &[String]) -> Result<()> {
    let access = kafka.into();
    let bindings = parse(rights)?;
    let answer = ask(&access, |client, queue| {
        let mut pointers: Vec<_> = bindings.iter().map(|binding| binding.0).collect();
        let (first, count) = (pointers.as_mut_ptr(), pointers.len());
        // SAFETY: client, queue and bindings live; the call copies the bindings. No options
        // are the defaults.
        unsafe { native::rd_kafka_CreateAcls(client, first, count, ptr::null(), queue) }
    })?;
    let mut count = 0;
    // SAFETY: the event is a CreateAcls result, which lives as long as it, and so do its
    // `count` entries and their errors.
    unsafe {
        let result = native::rd_kafka_event_CreateAcls_result(answer.event);
        ensure!(!result.is_null(), "Kafka answered something else");
        let acls = native::rd_kafka_CreateAcls_result_acls(result, &raw mut count);
        for (index, right) in rights.iter().enumerate().take(count) {
            check(native::rd_kafka_acl_result_error(*acls.add(index)), right)?;
        }
    }
    check_count(count, rights)?;
    wait_until_known(&access, &bindings, true)
}

/// Takes rights away that were granted, in the same words. They are gone when this returns.
pub fn revoke(kafka: impl Into<Access>, rights: &[String]) -> Result<()> {
    let access = kafka.into();
    let bindings = parse(rights)?;
    let answer = ask(&access, |client, queue| {
        let mut pointers: Vec<_> = bindings.iter().map(|binding| binding.0).collect();
        let (first, count) = (pointers.as_mut_ptr(), pointers.len());
        // SAFETY: client, queue and bindings live; a binding is a filter for itself, which
        // the call copies. No options are the defaults.
        unsafe { native::rd_kafka_DeleteAcls(client, first, count, ptr::null(), queue) }
    })?;
    let mut count = 0;
    // SAFETY: the event is a DeleteAcls result, which lives as long as it, and so do its
    // `count` entries and their errors.
    unsafe {
        let result = native::rd_kafka_event_DeleteAcls_result(answer.event);
        ensure!(!result.is_null(), "Kafka answered something else");
        let responses = native::rd_kafka_DeleteAcls_result_responses(result, &raw mut count);
        for (index, right) in rights.iter().enumerate().take(count) {
            let response = *responses.add(index);
            let error = native::rd_kafka_DeleteAcls_result_response_error(response);
            check(error, right)?;
            let mut matching = 0;
            native::rd_kafka_DeleteAcls_result_response_matching_acls(response, &raw mut matching);
            ensure!(matching == 1, "{right} stands for {matching} rights");
        }
    }
    check_count(count, rights)?;
    wait_until_known(&access, &bindings, false)
}

fn check_count(count: usize, rights: &[String]) -> Result<()> {
    let asked = rights.len();
    ensure!(count == asked, "an answer for {count} rights of {asked}");
    Ok(())
}

/// The controller has them, and the broker learns of them a little later, in their order.
fn wait_until_known(access: &Access, bindings: &[Binding], are_granted: bool) -> Result<()> {
    let Some(last) = bindings.last() else {
        return Ok(());
    };
    wait_until("the broker to know the rights", TIMEOUT, || {
        let answer = ask(access, |client, queue| {
            // SAFETY: client, queue and binding live; a binding is a filter for itself,
            // which the call copies. No options are the defaults.
            unsafe { native::rd_kafka_DescribeAcls(client, last.0, ptr::null(), queue) }
        })?;
        let mut count = 0;
        // SAFETY: the event is a DescribeAcls result, which lives as long as it.
        unsafe {
            let result = native::rd_kafka_event_DescribeAcls_result(answer.event);
            ensure!(!result.is_null(), "Kafka answered something else");
            native::rd_kafka_DescribeAcls_result_acls(result, &raw mut count);
        }
        Ok((count > 0) == are_granted)
    })
}

/// Lets `call` ask the broker, by a client and for an answer to a queue, and waits for it.
fn ask(
    access: &Access,
    call: impl FnOnce(*mut native::rd_kafka_t, *mut native::rd_kafka_queue_t),
) -> Result<Answer> {
    let admin: AdminClient<DefaultClientContext> = access.client().create()?;
    let client = admin.inner().native_ptr();
    // SAFETY: the client lives, and longer than the queue.
    let queue = Queue(unsafe { native::rd_kafka_queue_new(client) });
    call(client, queue.0);
    let timeout = TIMEOUT.as_millis().try_into()?;
    // SAFETY: the queue lives.
    let event = unsafe { native::rd_kafka_queue_poll(queue.0, timeout) };
    ensure!(!event.is_null(), "no answer from {access} about rights");
    let answer = Answer {
        event,
        _queue: queue,
        _admin: admin,
    };
    // SAFETY: the event is there, and its text as long as it.
    unsafe {
        let code = native::rd_kafka_event_error(event);
        if code != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = CStr::from_ptr(native::rd_kafka_event_error_string(event));
            bail!("rights on {access}: {}", text.to_string_lossy());
        }
    }
    Ok(answer)
}

/// # Safety
///
/// `error` is null or lives.
unsafe fn check(error: *const native::rd_kafka_error_t, right: &str) -> Result<()> {
    if !error.is_null() {
        // SAFETY: the text lives as long as the error.
        let text = unsafe { CStr::from_ptr(native::rd_kafka_error_string(error)) };
        bail!("right {right}: {}", text.to_string_lossy());
    }
    Ok(())
}

/// A broker's answer, and what it came by, which must outlive it.
struct Answer {
    event: *mut native::rd_kafka_event_t,
    _queue: Queue,
    _admin: AdminClient<DefaultClientContext>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody keeps anything of it.
        unsafe { native::rd_kafka_event_destroy(self.event) }
    }
}

struct Queue(*mut native::rd_kafka_queue_t);

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it is ours, and its client lives.
        unsafe { native::rd_kafka_queue_destroy(self.0) }
    }
}

/// One right, as librdkafka has it.
struct Binding(*mut native::rd_kafka_AclBinding_t);

fn parse(rights: &[String]) -> Result<Vec<Binding>> {
    rights.iter().map(|right| Binding::parse(right)).collect()
}

impl Binding {
    fn parse(right: &str) -> Result<Self> {
        let mut words = right.splitn(4, ':');
        let mut next = || {
            words
                .next()
                .with_context(|| format!("half a right: {right}"))
        };
        let (user, operation, kind, name) = (next()?, next()?, next()?, next()?);
        let (name, pattern) = match name.strip_suffix('*') {
            Some(prefix) => (prefix, Pattern::RD_KAFKA_RESOURCE_PATTERN_PREFIXED),
            None => (name, Pattern::RD_KAFKA_RESOURCE_PATTERN_LITERAL),
        };
        let name = CString::new(name)?;
        let principal = CString::new(format!("User:{user}"))?;
        let mut why: [c_char; 256] = [0; 256];
        // SAFETY: the texts end with a NUL and are copied; `why` is as long as is said.
        let binding = unsafe {
            native::rd_kafka_AclBinding_new(
                parse_kind(kind)?,
                name.as_ptr(),
                pattern,
                principal.as_ptr(),
                c"*".as_ptr(),
                parse_operation(operation)?,
                Permission::RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
                why.as_mut_ptr(),
                why.len(),
            )
        };
        if binding.is_null() {
            // SAFETY: librdkafka wrote a text that ends with a NUL.
            let why = unsafe { CStr::from_ptr(why.as_ptr()) };
            bail!("right {right}: {}", why.to_string_lossy());
        }
        Ok(Self(binding))
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        // SAFETY: it is ours, and calls have copied it.
        unsafe { native::rd_kafka_AclBinding_destroy(self.0) }
    }
}

fn parse_kind(word: &str) -> Result<Kind> {
    Ok(match word {
        "Topic" => Kind::RD_KAFKA_RESOURCE_TOPIC,
        "Group" => Kind::RD_KAFKA_RESOURCE_GROUP,
        "TransactionalId" => Kind::RD_KAFKA_RESOURCE_TRANSACTIONAL_ID,
        _ => bail!("no rights on a {word}"),
    })
}

fn parse_operation(word: &str) -> Result<Operation> {
    Ok(match word {
        "Read" => Operation::RD_KAFKA_ACL_OPERATION_READ,
        "Write" => Operation::RD_KAFKA_ACL_OPERATION_WRITE,
        "Describe" => Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE,
        "DescribeConfigs" => Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS,
        _ => bail!("no right to {word}"),
    })
}
