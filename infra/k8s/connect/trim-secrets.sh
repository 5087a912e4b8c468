# Sourced before Kafka Connect starts. Surrounding white space is not part of a secret, and a
# Secret made from a file often ends in a newline; neither Kubernetes nor Connect's EnvVarConfigProvider
# removes it. All other programs strip it themselves.
for name in DEBEZIUM_PASSWORD MYSQL_TRUSTSTORE_PASSWORD KAFKA_LOGIN; do
    value=${!name-}
    value=${value#"${value%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
    [ -z "$value" ] || export "$name=$value"
done
unset name value
