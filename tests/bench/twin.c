/* What moving the bytes costs: a program that does nothing else, as well as
 * librdkafka's calls for batches let one do it. It reads a topic and sends each
 * message on, with its key and with the two headers of a result. */

#include <rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BATCH 1000

/* Counts messages that the broker refused; the others aren't reported. */
static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *failed)
{
    (void)client;
    if (message->err)
        ++*(int64_t *)failed;
}

/* Names and values by turns, up to a null. */
static rd_kafka_conf_t *configuration(const char *const *settings, char *error, size_t size)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; *settings; settings += 2) {
        if (rd_kafka_conf_set(conf, settings[0], settings[1], error, size) != RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    }
    return conf;
}

/* Writes a number that isn't negative and what follows it. */
static char *write_number(char *out, int64_t number, char after)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (count)
        *out++ = digits[--count];
    *out++ = after;
    return out;
}

static size_t write_source(char *out, const rd_kafka_message_t *message)
{
    char *end = write_number(out, message->partition, ':');
    end = write_number(end, message->offset, ':');
    end = write_number(end, rd_kafka_message_timestamp(message, NULL), '\0');
    return (size_t)(end - out) - 1;
}

static rd_kafka_error_t *send_copy(rd_kafka_t *producer, rd_kafka_topic_t *topic, const char *model,
                              rd_kafka_message_t *message)
{
    char source[64];
    size_t source_size = write_source(source, message);
    rd_kafka_vu_t record[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"model", model, (ssize_t)strlen(model)}},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"source", source, (ssize_t)source_size}},
    };
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_produceva(producer, record, sizeof record / sizeof *record);
        if (!error || rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return error;
        rd_kafka_error_destroy(error);
        rd_kafka_poll(producer, 1);
    }
}

/* The next messages. The call for batches waits until the batch is full, for as long as
 * it is allowed to: so it may wait for the first message only. */
static ssize_t next_batch(rd_kafka_queue_t *queue, rd_kafka_message_t **batch)
{
    ssize_t count = rd_kafka_consume_batch_queue(queue, 0, batch, BATCH);
    return count ? count : rd_kafka_consume_batch_queue(queue, 100, batch, 1);
}

static int pass_on(rd_kafka_queue_t *queue, rd_kafka_t *producer, rd_kafka_topic_t *topic,
                   const char *model, int64_t count, char *error, size_t size)
{
    static rd_kafka_message_t *batch[BATCH];
    while (count > 0) {
        ssize_t received = next_batch(queue, batch);
        for (ssize_t i = 0; i < received; i++) {
            rd_kafka_error_t *failure = NULL;
            if (batch[i]->err) {
                snprintf(error, size, "reading: %s", rd_kafka_message_errstr(batch[i]));
                return -1;
            }
            if (count-- > 0)
                failure = send_copy(producer, topic, model, batch[i]);
            rd_kafka_message_destroy(batch[i]);
            if (failure) {
                snprintf(error, size, "sending: %s", rd_kafka_error_string(failure));
                return -1;
            }
        }
        rd_kafka_poll(producer, 0);
    }
    return 0;
}

/* Passes `count` messages of a topic's partitions on and waits until the broker has them.
 * Returns 0, or -1 with the reason in `error`; meant to run once in a process, it cleans
 * up nothing. */
int twin_run(const char *const *consumer_settings, const char *const *producer_settings,
             const char *from, int partitions, const char *to, const char *model, int64_t count,
             char *error, size_t size)
{
    static int64_t failed;
    rd_kafka_conf_t *consumer_conf = configuration(consumer_settings, error, size);
    rd_kafka_conf_t *producer_conf = configuration(producer_settings, error, size);
    if (!consumer_conf || !producer_conf)
        return -1;
    rd_kafka_conf_set_opaque(producer_conf, &failed);
    rd_kafka_conf_set_dr_msg_cb(producer_conf, on_delivery);

    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, consumer_conf, error, size);
    rd_kafka_t *producer = consumer ? rd_kafka_new(RD_KAFKA_PRODUCER, producer_conf, error, size) : NULL;
    if (!producer)
        return -1;
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t *assignment = rd_kafka_topic_partition_list_new(partitions);
    for (int partition = 0; partition < partitions; partition++)
        rd_kafka_topic_partition_list_add(assignment, from, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t assigned = rd_kafka_assign(consumer, assignment);
    if (assigned) {
        snprintf(error, size, "assigning: %s", rd_kafka_err2str(assigned));
        return -1;
    }

    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, to, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    if (pass_on(queue, producer, topic, model, count, error, size))
        return -1;
    rd_kafka_resp_err_t flushed = rd_kafka_flush(producer, 60 * 1000);
    if (flushed || failed) {
        snprintf(error, size, "%lld messages failed: %s", (long long)failed, rd_kafka_err2str(flushed));
        return -1;
    }
    return 0;
}
