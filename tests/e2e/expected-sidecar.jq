# The container backup-restore that a StatefulSet shall have. Input: a row of providers.json; $name is
# the StatefulSet's, $image the sidecar's.
($name == "etcd-main") as $main
| {
    name: "backup-restore",
    image: $image,
    command: [
      "etcdbrctl", "server", "--schedule=\(.schedule)", "--data-dir=/var/etcd/data/new.etcd",
      "--storage-provider=\(if $main then .store else "" end)",
      "--store-prefix=\(if $main then "\(.namespace)--\(.uid)/" else "" end)\($name)",
      "--cert=/var/etcd/ssl/client/tls.crt", "--key=/var/etcd/ssl/client/tls.key",
      "--cacert=/var/etcd/ssl/ca/ca.crt", "--insecure-transport=false",
      "--insecure-skip-tls-verify=false", "--endpoints=https://\($name)-0:2379",
      "--etcd-connection-timeout=300", "--delta-snapshot-period-seconds=300",
      "--delta-snapshot-memory-limit=104857600", "--garbage-collection-period-seconds=43200",
      "--snapstore-temp-directory=/var/etcd/data/temp"
    ],
    ports: [{name: "server", containerPort: 8080, protocol: "TCP"}],
    resources: {
      requests: {cpu: "23m", memory: "128Mi"},
      limits: {cpu: "1", memory: "10G"}
    },
    volumeMounts: ([
      {name: (if $main then "main-etcd" else $name end), mountPath: "/var/etcd/data"},
      {name: "ca-etcd", mountPath: "/var/etcd/ssl/ca"},
      {name: "etcd-client-tls", mountPath: "/var/etcd/ssl/client"}
    ] + (if $main and .mount then [.mount] else [] end)),
    # What the API server adds by itself.
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File"
  }
+ if $main then {
    env: (
      [.secret_env | to_entries[]
       | {name: .key, valueFrom: {secretKeyRef: {name: "etcd-backup", key: .value}}}]
      + [(.plain_env // {}) | to_entries[] | {name: .key, value: .value}]
    )
  } else {} end
