variable "bootstrap_servers" {
  description = "The brokers, host:port, several with commas"
  type        = string
}

variable "registry" {
  description = "Where the images are"
  type        = string
}

variable "buckets" {
  description = "Names of the buckets, by the purposes that bucket_purposes gives"
  type        = map(string)
}

variable "access_key_ids" {
  description = "Ids of the static access keys, by daemon"
  type        = map(string)
}

variable "model" {
  description = "Folder of the model in the bucket of models"
  type        = string
}

variable "partitions" {
  description = "Partitions of the topics that are read"
  type        = object({ transactions = number, results = number })
}

variable "cluster_id" {
  description = "Of Managed Kubernetes; null where there is none"
  type        = string
}

variable "machines" {
  description = "How many machines run compose.yandex.yaml"
  type        = number
}

variable "ssh_public_key" {
  description = "Of the machines' user yc-user; empty: there is none"
  type        = string
}

variable "secret_ids" {
  description = "By daemon: Lockbox secret of each file below /etc/fraud-stream"
  type        = map(object({ kafka-password = string, s3-key = string }))
}
