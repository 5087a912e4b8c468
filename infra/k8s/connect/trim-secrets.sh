# Sourced before Kafka Connect starts. A secret's surrounding white space is not part of it, and a
# Secret made from a file often ends in a newline; neither Kubernetes nor Connect's EnvVarConfigProvider
# removes it. Everywhere else the programs do this themselves.
for name in DEBEZIUM_PASSWORD MYSQL_TRUSTSTORE_PASSWORD KAFKA_LOGIN; do
    value=${!name-}
    value=${value#"${value%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
    [ -z "$value" ] || export "$name=$value"
done
unset name value
