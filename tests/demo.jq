# What a JSON Patch made of a StatefulSet, as lines for people. Input: the object as it was asked about;
# $patch[0] is the patch. An error where the patch does not apply.

# A JSON Pointer (RFC 6901) as a path of jq's.
def keys_of: split("/")[1:] | map(gsub("~1"; "/") | gsub("~0"; "~"));
def path_in($object):
  keys_of | reduce .[] as $key ([];
    . as $path
    | ($object | getpath($path)) as $parent
    | $path + [if ($parent | type) != "array" then $key
               elif $key == "-" then ($parent | length)
               else ($key | tonumber) end]);

def apply_one($operation):
  . as $object
  | ($operation.path | path_in($object)) as $path
  | ($object | getpath($path[:-1])) as $parent
  | if $operation.op == "remove" then delpaths([$path])
    elif $operation.op == "add" and ($parent | type) == "array" then
      setpath($path[:-1]; $parent[:$path[-1]] + [$operation.value] + $parent[$path[-1]:])
    elif ($operation.op == "add" or $operation.op == "replace") and ($parent | type | . == "object" or . == "array")
    then setpath($path; $operation.value)
    else error("\($operation.op) \($operation.path) does not apply") end;

def flag($name): .command[] | select(startswith("--\($name)=")) | ltrimstr("--\($name)=");
def pad($width): . + " " * ($width - length);
def or_none: if . == "" then "none: it only checks the data" else . end;

. as $before
| reduce $patch[0][] as $operation (.; apply_one($operation))
| . as $after
| (.spec.template.spec.containers[] | select(.name == "backup-restore")) as $sidecar
| ["sidecar", $sidecar.image],
  ["schedule", ($sidecar | flag("schedule"))],
  ["store", ($sidecar | flag("storage-provider") | or_none)],
  ["prefix", ($sidecar | flag("store-prefix"))],
  ($sidecar.env // [] | to_entries[] | [
    (if .key == 0 then "env" else "" end),
    (.value | "\(.name | pad(30)) " + if .valueFrom
      then "key \(.valueFrom.secretKeyRef.key) of Secret \(.valueFrom.secretKeyRef.name)"
      else .value end)
  ]),
  ((.spec.template.spec.volumes - $before.spec.template.spec.volumes)[]
    | ["volume", "\(.name), from Secret \(.secret.secretName), at " +
        (.name as $name | $sidecar.volumeMounts[] | select(.name == $name) | .mountPath)]),
  (.spec.template.metadata.annotations["checksum/secret-etcd-backup"] // empty
    | ["checksum", "\(.[:16])… of Secret etcd-backup, rolls the pod when it changes"]),
  (.spec.volumeClaimTemplates[]
    | ["storage", "\(.spec.resources.requests.storage) for \(.metadata.name), " +
        (.spec.storageClassName // null | if . then "class \(.)" else "the default class" end)
        + " (asked for: \(.metadata.name as $name | $before.spec.volumeClaimTemplates[]
            | select(.metadata.name == $name) | .spec.resources.requests.storage))"])
| "  \(.[0] | pad(11)) \(.[1])"
