# compose.yandex.yaml as it is in the repository, with this cloud's values instead of the
# examples in it.
locals {
  images = { producer = "producer-svc", scorer = "scorer-svc", sink = "results-sink-svc" }

  compose = yamldecode(file("${path.module}/../../compose.yandex.yaml"))

  compose_of_machine = {
    for number in range(1, var.machines + 1) : tostring(number) => merge(local.compose, {
      services = {
        for daemon, service in local.compose.services : daemon => merge(service, {
          image       = "${var.registry}/${local.images[daemon]}:${local.version}"
          hostname    = "${daemon}-${number}"
          environment = merge(service.environment, local.environment[daemon])
        })
      }
    })
  }

  # Not in the compose file: it would send everything again whenever it is started.
  producer_command = join(" \\\n  ", concat(
    ["sudo docker run --rm --read-only --volume /etc/fraud-stream/producer:/etc/fraud-stream:ro"],
    [for name, value in merge(local.compose_secret_files, local.environment.producer) : "--env ${name}=${value}"],
    ["${var.registry}/${local.images.producer}:${local.version}"],
  ))

  compose_secret_files = {
    for name, value in local.compose.services.scorer.environment : name => value if endswith(name, "_FILE")
  }
}
