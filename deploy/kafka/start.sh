#!/bin/bash
# Start the official image with passwords that come from a file: as variables of this process they are in no
# description of the container. The administrator uses PLAIN; the services' SCRAM users are made by the set-up job.
set -euo pipefail
password=$(</run/secrets/admin_password)
module=org.apache.kafka.common.security
plain="$module.plain.PlainLoginModule required username=\"admin\" password=\"$password\" user_admin=\"$password\";"
for listener in INTERNAL HOST CONTROLLER; do
  export "KAFKA_LISTENER_NAME_${listener}_PLAIN_SASL_JAAS_CONFIG=$plain"
done
for listener in INTERNAL HOST; do
  export "KAFKA_LISTENER_NAME_${listener}_SCRAM___SHA___512_SASL_JAAS_CONFIG=$module.scram.ScramLoginModule required;"
done
(umask 077; printf '%s\n' security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN \
  "sasl.jaas.config=$module.plain.PlainLoginModule required username=\"admin\" password=\"$password\";" >/tmp/admin.properties)
exec /etc/kafka/docker/run
