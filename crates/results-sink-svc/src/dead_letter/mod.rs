//! Messages that are no results, on their way to the dead-letter topic.

mod letter;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, Producer as _};
use schema::{Rejection, RejectionCode};
use service_runtime::kafka::{
    FetchedMessage, Producer, TopicSender, create_producer, is_lost, judge, producer_config,
};
use service_runtime::{Context, Failure};

use letter::DeadLetter;

/// How long to let a full queue drain before trying again.
const QUEUE_FULL_TIMEOUT: Duration = Duration::from_millis(500);

/// Sends dead letters, and again until they are acknowledged.
pub(crate) struct DeadLetters {
    context: Context,
    producer: Producer,
    sender: TopicSender,
    refused: Arc<RefusedLetters>,
    /// Partition and offset of the messages whose letters had to be reduced.
    truncated: RefCell<BTreeSet<(i32, i64)>>,
}

/// Dead letters that came back.
#[derive(Default)]
struct RefusedLetters {
    /// For a loop that looks after every message.
    is_any: AtomicBool,
    letters: Mutex<Vec<Refused>>,
}

/// A dead letter that was not acknowledged.
struct Refused {
    letter: DeadLetter,
    error: KafkaError,
}

impl DeadLetters {
    /// Touches no network.
    pub(crate) fn new(context: &Context) -> Result<Self, Failure> {
        let refused = Arc::new(RefusedLetters::default());
        let (producer, sender) = create(context, &refused)?;
        Ok(Self {
            context: context.clone(),
            producer,
            sender,
            refused,
            truncated: RefCell::default(),
        })
    }

    /// The client, for what else it can tell.
    pub(crate) fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Sends what can't be read, with its own headers and what is wrong with it.
    pub(crate) fn send(
        &self,
        message: &FetchedMessage<'_>,
        rejection: &Rejection,
    ) -> Result<(), Failure> {
        self.enqueue(DeadLetter::of(message, rejection))
    }

    /// Whether some must be sent again, by [`Self::settle`].
    pub(crate) fn has_refused(&self) -> bool {
        self.refused.is_any.load(Ordering::Acquire)
    }

    /// The codes under which these messages of a partition are dead letters by now, with
    /// their offsets, up to `last_offset`; to be asked once, when they are committed.
    pub(crate) fn committed(
        &self,
        partition: i32,
        unreadable: &[(i64, RejectionCode)],
        last_offset: i64,
    ) -> Vec<RejectionCode> {
        let mut truncated = self.truncated.borrow_mut();
        let committed = unreadable
            .iter()
            .take_while(|(offset, _)| *offset <= last_offset);
        committed
            .map(|(offset, code)| {
                if truncated.remove(&(partition, *offset)) {
                    RejectionCode::TooLarge
                } else {
                    *code
                }
            })
            .collect()
    }

    /// Forgets which letters had to be reduced: their messages will be read again.
    pub(crate) fn forget(&self) {
        self.truncated.borrow_mut().clear();
    }

    /// Whether all are acknowledged; waits for that until `deadline`.
    pub(crate) fn settle(&mut self, deadline: Instant) -> Result<bool, Failure> {
        if is_lost(&self.producer) {
            (self.producer, self.sender) = create(&self.context, &self.refused)?;
            for Refused { letter, .. } in self.refused.take() {
                self.enqueue(letter)?;
            }
        }
        loop {
            if !self.wait_for_answers(deadline) {
                return Ok(false);
            }
            let refused = self.refused.take();
            if refused.is_empty() {
                return Ok(true);
            }
            let (mut too_large, others): (Vec<_>, Vec<_>) = refused
                .into_iter()
                .partition(|refused| is_too_large(&refused.error));
            while let Some(Refused { letter, .. }) = too_large.pop() {
                if !self.send_alone(letter, deadline)? {
                    self.refused.extend(too_large.into_iter().chain(others));
                    return Ok(false);
                }
            }
            for Refused { letter, error } in others {
                judge(&self.producer, None, &error)?;
                if is_lost(&self.producer) {
                    // The next call has a new one.
                    self.refused.push(Refused { letter, error });
                } else {
                    self.enqueue(letter)?;
                }
            }
            if is_lost(&self.producer) {
                return Ok(false);
            }
        }
    }

    /// A broker refuses a batch as a whole: only a letter that is refused alone is
    /// known to be too large. Such a one is reduced. `false`: no answer until `deadline`,
    /// or nothing is left to be reduced.
    fn send_alone(&self, mut letter: DeadLetter, deadline: Instant) -> Result<bool, Failure> {
        loop {
            self.enqueue(letter)?;
            if !self.wait_for_answers(deadline) {
                return Ok(false);
            }
            let Some(refused) = self.refused.take().pop() else {
                return Ok(true);
            };
            if !is_too_large(&refused.error) || !refused.letter.can_be_reduced() {
                judge(&self.producer, None, &refused.error)?;
                self.refused.push(refused);
                return Ok(false);
            }
            letter = refused.letter;
            self.reduce(&mut letter);
        }
    }

    /// Whether each letter that was sent is acknowledged or refused by `deadline`.
    fn wait_for_answers(&self, deadline: Instant) -> bool {
        while self.producer.in_flight_count() > 0 {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return false;
            }
            // A timeout shows in the number of messages that are in flight.
            let _ = self.producer.flush(wait);
        }
        true
    }

    fn reduce(&self, letter: &mut DeadLetter) {
        letter.reduce();
        self.truncated.borrow_mut().insert(letter.place);
    }

    /// Hands a dead letter to the client; waits while its queue is full.
    fn enqueue(&self, mut letter: DeadLetter) -> Result<(), Failure> {
        loop {
            let Err(error) = self.sender.send(&mut letter.record()) else {
                return Ok(());
            };
            if is_too_large(&error) && letter.can_be_reduced() {
                self.reduce(&mut letter);
                continue;
            }
            judge(&self.producer, None, &error)?;
            if self.context.shutdown.is_requested() || is_lost(&self.producer) {
                // It isn't acknowledged, so its offset won't be committed.
                self.refused.push(Refused { letter, error });
                return Ok(());
            }
            let _ = self.producer.flush(QUEUE_FULL_TIMEOUT);
        }
    }
}

fn create(
    context: &Context,
    refused: &Arc<RefusedLetters>,
) -> Result<(Producer, TopicSender), Failure> {
    let refused = Arc::clone(refused);
    let on_delivery = move |delivery: &DeliveryResult<'_>| {
        if let Err((error, message)) = delivery {
            refused.push(Refused {
                letter: DeadLetter::copy(message),
                error: error.clone(),
            });
        }
    };
    let topic = &context.config.topics.results_dead_letter;
    let producer = create_producer(&producer_config(context), topic, context, on_delivery)?;
    let sender = TopicSender::new(&producer, topic);
    Ok((producer, sender.expect("the configuration is checked")))
}

fn is_too_large(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
}

impl RefusedLetters {
    fn push(&self, refused: Refused) {
        self.extend([refused]);
    }

    fn extend(&self, refused: impl IntoIterator<Item = Refused>) {
        let mut letters = self.lock();
        letters.extend(refused);
        self.is_any.store(!letters.is_empty(), Ordering::Release);
    }

    fn take(&self) -> Vec<Refused> {
        let mut letters = self.lock();
        self.is_any.store(false, Ordering::Release);
        std::mem::take(&mut letters)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Refused>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
