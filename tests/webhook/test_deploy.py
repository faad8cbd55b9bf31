#!/usr/bin/python3
"""What deploy/ says about the cluster: manifests, registration, image, and the commands of its README."""

import base64
import glob
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROGRAM = os.path.join(ROOT, os.environ.get("PROGRAM", "build/druid-bridge"))
KUBECTL = os.environ.get("KUBECTL") or shutil.which("kubectl")
IMAGE = "registry.example.org:5000/druid-bridge:0.1.0"
CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration", "Namespace")
OVERLAYS = sorted(path.parent.name for path in DEPLOY.glob("overlays/*/kustomization.yaml"))

needs_kubectl = unittest.skipUnless(KUBECTL, "no kubectl")
needs_program = unittest.skipUnless(os.access(PROGRAM, os.X_OK), "the program is not built")


def run(*command, ok=True, **more):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False, **more)
    if ok and done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def only(items, kind):
    found = [item for item in items if item["kind"] == kind]
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def matches(selector, labels):
    """Whether a label selector selects LABELS, as an API server decides it."""
    operators = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "Exists": lambda key, values: key in labels,
        "DoesNotExist": lambda key, values: key not in labels,
    }
    return (all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
            and all(operators[e["operator"]](e["key"], e.get("values")) for e in selector.get("matchExpressions", [])))


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = {path: documents(path.read_text(encoding="utf-8")) for path in DEPLOY.glob("**/*.yaml")}
        cls.objects = [document for path, found in cls.files.items() for document in found
                       if path.parent.name == "base" and "metadata" in document]
        cls.webhooks = only(cls.objects, "MutatingWebhookConfiguration")["webhooks"]
        cls.gardeners, cls.druids, cls.phased, cls.scales, cls.etcds = cls.webhooks
        cls.deployment = only(cls.objects, "Deployment")
        cls.pod = cls.deployment["spec"]["template"]["spec"]
        cls.container, = cls.pod["containers"]

    def test_every_manifest_is_listed_and_every_listed_file_is_there(self):
        listed = yaml.safe_load((DEPLOY / "base/kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        there = {path.name for path in self.files if path.parent.name == "base"}
        self.assertEqual(set(listed), there - {"kustomization.yaml", "config.yaml"})

    def test_everything_carries_the_labels_that_the_readme_selects_by(self):
        for item in self.objects:
            labels = item["metadata"]["labels"]
            self.assertEqual(labels["app.kubernetes.io/name"], "druid-bridge", item["kind"])
            self.assertEqual(labels["app.kubernetes.io/component"],
                             "registration" if item["kind"] == "MutatingWebhookConfiguration" else "server")

    def test_everything_is_in_the_namespace(self):
        for item in self.objects:
            self.assertEqual(item["metadata"].get("namespace"),
                             None if item["kind"] in CLUSTER_WIDE else "druid-bridge", item["kind"])
        self.assertEqual(only(self.objects, "Namespace")["metadata"]["name"], "druid-bridge")

    def test_the_webhooks_fail_closed_fast_and_without_side_effects(self):
        expected = {"failurePolicy": "Fail", "timeoutSeconds": 5, "sideEffects": "None", "matchPolicy": "Equivalent",
                    "reinvocationPolicy": "IfNeeded", "admissionReviewVersions": ["v1", "v1beta1"]}
        for webhook in self.webhooks:
            if webhook is self.scales:  # an etcd can be scaled while the webhook is away
                expected = {**expected, "failurePolicy": "Ignore"}
            else:
                expected = {**expected, "failurePolicy": "Fail"}
            self.assertEqual({key: webhook[key] for key in expected}, expected)
            self.assertRegex(webhook["name"], r"^([a-z0-9-]+\.){2,}[a-z]+$")
        self.assertEqual(len({webhook["name"] for webhook in self.webhooks}), len(self.webhooks))

    def test_stateful_sets_are_sent_when_they_change_and_etcds_when_they_are_new(self):
        stateful_sets = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                         "resources": ["statefulsets"], "scope": "Namespaced"}
        for webhook in (self.gardeners, self.druids, self.phased):
            self.assertEqual(webhook["rules"], [stateful_sets])
        self.assertEqual(self.scales["rules"], [{**stateful_sets, "operations": ["UPDATE"],
                                                 "resources": ["statefulsets/scale"]}])
        self.assertEqual(self.etcds["rules"], [{"apiGroups": ["druid.gardener.cloud"], "apiVersions": ["v1alpha1"],
                                                "operations": ["CREATE"], "resources": ["etcds"],
                                                "scope": "Namespaced"}])

    def test_the_webhooks_call_the_service(self):
        service = only(self.objects, "Service")
        port, = service["spec"]["ports"]
        for webhook in self.webhooks:
            self.assertEqual(webhook["clientConfig"], {"service": {
                "namespace": service["metadata"]["namespace"], "name": service["metadata"]["name"], "path": "/mutate",
                "port": port["port"]}})
        ports = {item["name"]: item["containerPort"] for item in self.container["ports"]}
        self.assertEqual(ports, {"https": 8443, "operations": 8080})
        self.assertEqual(port["targetPort"], "https")
        self.assertEqual(service["spec"]["selector"], self.deployment["spec"]["selector"]["matchLabels"])

    def test_shoots_are_selected_and_what_the_server_needs_never_is(self):
        shoot = {"gardener.cloud/role": "shoot"}
        own = only(self.objects, "Namespace")["metadata"]["labels"]
        for webhook in self.webhooks:
            selector = webhook["namespaceSelector"]
            self.assertTrue(matches(selector, shoot))
            self.assertTrue(matches(selector, dict(shoot, **{"kubernetes.io/metadata.name": "shoot--a--b"})))
            for name in ("kube-system", "druid-bridge"):
                self.assertFalse(matches(selector, dict(own, **shoot, **{"kubernetes.io/metadata.name": name})), name)
            elsewhere = webhook is self.phased
            self.assertEqual(matches(selector, {}), elsewhere, webhook["name"])
            self.assertEqual(matches(selector, {"gardener.cloud/role": "garden"}), elsewhere, webhook["name"])

    def test_gardeners_etcds_are_selected_and_nothing_else(self):
        selector = self.gardeners["objectSelector"]
        for path in glob.glob(str(ROOT / "tests/fixtures/patches/etcd-*.yaml")):
            item, = documents(pathlib.Path(path).read_text(encoding="utf-8"))
            self.assertTrue(matches(selector, item["metadata"]["labels"]), path)
        for labels in ({}, {"app": "etcd-statefulset"}, {"role": "main"}, {"app": "prometheus", "role": "main"},
                       {"app": "etcd-statefulset", "role": "backup"}):
            self.assertFalse(matches(selector, labels), labels)

    def test_what_druid_runs_is_selected_by_the_label_that_druid_gives(self):
        selector = self.druids["objectSelector"]
        self.assertTrue(matches(selector, {"app.kubernetes.io/managed-by": "etcd-druid",
                                           "app.kubernetes.io/part-of": "etcd-main"}))
        self.assertFalse(matches(selector, {"app.kubernetes.io/managed-by": "Helm"}))
        self.assertFalse(matches(selector, {}))

    def test_what_has_a_phase_as_its_label_is_selected(self):
        selector = self.phased["objectSelector"]
        for phase in ("legacy", "prepare", "handover", "off", "nonsense"):
            self.assertTrue(matches(selector, {"druid-bridge/phase": phase}))
        self.assertFalse(matches(selector, {"app": "etcd"}))
        self.assertNotIn("objectSelector", self.etcds)

    def test_no_label_of_a_scale_decides_whether_it_is_sent(self):
        self.assertNotIn("objectSelector", self.scales)

    def test_it_may_read_what_it_watches_and_nothing_else(self):
        reading = ["get", "list", "watch"]
        allowed = {(group, resource, *rule.get("resourceNames", [])): rule["verbs"]
                   for rule in only(self.objects, "ClusterRole")["rules"]
                   for group in rule["apiGroups"] for resource in rule["resources"]}
        self.assertEqual(allowed, {
            ("", "namespaces"): reading,
            ("", "secrets", "etcd-backup"): reading,
            ("extensions.gardener.cloud", "clusters"): reading,
            ("extensions.gardener.cloud", "backupentries"): reading,
            ("druid.gardener.cloud", "etcds"): reading,
        })

    def test_the_pods_are_who_is_allowed_to(self):
        account = only(self.objects, "ServiceAccount")
        binding = only(self.objects, "ClusterRoleBinding")
        self.assertEqual(binding["roleRef"], {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                              "name": only(self.objects, "ClusterRole")["metadata"]["name"]})
        self.assertEqual(binding["subjects"], [{"kind": "ServiceAccount", "name": account["metadata"]["name"],
                                                "namespace": account["metadata"]["namespace"]}])
        self.assertEqual(self.pod["serviceAccountName"], account["metadata"]["name"])
        self.assertIs(self.pod["automountServiceAccountToken"], True)
        self.assertIs(account["automountServiceAccountToken"], False)

    def test_the_way_out_is_to_the_api_server_and_dns(self):
        policy = only(self.objects, "NetworkPolicy")["spec"]
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual(policy["podSelector"], self.deployment["spec"]["selector"])
        rule, = policy["egress"]
        self.assertEqual({(item["port"], item["protocol"]) for item in rule["ports"]},
                         {(443, "TCP"), (6443, "TCP"), (53, "TCP"), (53, "UDP"), (8053, "TCP"), (8053, "UDP")})

    def test_the_pods_are_restricted(self):
        security = self.pod["securityContext"]
        self.assertTrue(security["runAsNonRoot"])
        self.assertEqual([security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")], [65532] * 3)
        self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(self.container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        self.assertIn("memory", self.container["resources"]["limits"])
        self.assertEqual(set(self.container["resources"]["requests"]), {"cpu", "memory"})

    def test_two_replicas_are_never_both_away(self):
        spec = self.deployment["spec"]
        self.assertEqual(spec["replicas"], 2)
        self.assertEqual(spec["strategy"], {"type": "RollingUpdate",
                                            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}})
        self.assertEqual(self.pod["topologySpreadConstraints"][0]["labelSelector"], spec["selector"])
        budget = only(self.objects, "PodDisruptionBudget")["spec"]
        self.assertEqual(budget, {"minAvailable": 1, "selector": spec["selector"]})
        self.assertGreater(self.pod["terminationGracePeriodSeconds"], 10 + 10)

    def test_probes_ask_the_operations_port(self):
        for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
            self.assertEqual(self.container[probe]["httpGet"], {"path": path, "port": "operations"})

    def test_what_the_arguments_name_is_mounted(self):
        mounts = {mount["mountPath"]: mount for mount in self.container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        arguments = dict(argument.lstrip("-").split("=") for argument in self.container["args"])
        self.assertEqual(arguments, {"config": "/etc/druid-bridge/config.yaml", "tls-dir": "/etc/druid-bridge/tls"})
        self.assertEqual(set(mounts), set(arguments.values()))
        self.assertTrue(all(mount["readOnly"] for mount in mounts.values()))
        self.assertEqual(volumes[mounts[arguments["tls-dir"]]["name"]]["secret"],
                         {"secretName": "druid-bridge-tls", "defaultMode": 0o440})
        config = mounts[arguments["config"]]
        self.assertEqual(volumes[config["name"]], {"name": config["name"],
                                                   "configMap": {"name": "druid-bridge-config"}})
        self.assertEqual(config["subPath"], "config.yaml")

    @needs_program
    def test_the_arguments_exist(self):
        text = run(PROGRAM, "--help").stdout
        for argument in self.container["args"]:
            self.assertIn(argument.split("=")[0] + " ", text)

    def serve(self, work, *options):
        """Starts the program, waits until it serves, and ends it."""
        run(PROGRAM, "--issue-certs", f"{work}/tls", "--dns-name", "localhost")
        server = subprocess.Popen(
            [PROGRAM, *options, f"--tls-dir={work}/tls", "--listen=127.0.0.1:0", "--operations-listen=127.0.0.1:0",
             "--drain=0s"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            lines = []
            for line in server.stderr:
                lines.append(line)
                if "serving" in line:
                    break
            self.assertTrue(lines and "serving" in lines[-1], "".join(lines))
        finally:
            server.terminate()
            server.communicate(timeout=30)

    @needs_program
    def test_settings_that_are_commented_out_are_settings(self):
        text = (DEPLOY / "base/config.yaml").read_text(encoding="utf-8")
        text = re.sub(r"^#(?=[a-z]| {2})", "", text, flags=re.M)
        config, = documents(text)
        self.assertEqual(config["migration"], {"defaultPhase": "legacy", "guard": "deny",
                                               "druidServiceAccounts": ["garden/etcd-druid"]})
        names = [name for rule in only(self.objects, "ClusterRole")["rules"] for name in rule.get("resourceNames", [])]
        self.assertEqual(config["source"], {"secrets": names})
        with tempfile.TemporaryDirectory() as work:
            path = pathlib.Path(work, "config.yaml")
            path.write_text(text, encoding="utf-8")
            self.serve(work, f"--config={path}", f"--objects={ROOT}/tests/fixtures/patches/cluster.yaml")

    @needs_program
    def test_it_reads_its_configuration_and_objects_as_they_are_mounted(self):
        with tempfile.TemporaryDirectory() as work:
            mount = pathlib.Path(work, "objects")
            generation = mount / "..2020_01_15_09_42_00.1"
            generation.mkdir(parents=True)
            (generation / "namespaces.yaml").write_text(
                "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Namespace, metadata: {name: a}}]\n",
                encoding="utf-8")
            (mount / "..data").symlink_to(generation.name)
            (mount / "namespaces.yaml").symlink_to("..data/namespaces.yaml")
            self.serve(work, f"--config={DEPLOY}/base/config.yaml", f"--objects={mount}")

    @needs_program
    @unittest.skipUnless(shutil.which("readelf") and shutil.which("dpkg-query"), "not with Debian's tools")
    def test_the_image_has_the_libraries_that_the_program_needs(self):
        dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
        self.assertIn("USER 65532:65532", dockerfile)
        installed = set(re.findall(r"^ {8}(\S+) \\$", dockerfile, re.M))
        needed = set()
        paths = dict(re.findall(r"(\S+) => (\S+)", run("ldd", PROGRAM).stdout))
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", PROGRAM).stdout):
            path = os.path.realpath(paths.get(library, library))
            for candidate in (path, path.removeprefix("/usr")):
                found = run("dpkg-query", "-S", candidate, ok=False)
                if found.returncode == 0:
                    needed.add(found.stdout.split(":")[0])
                    break
            else:
                # A sanitizer's runtime is not part of what is shipped.
                self.assertRegex(library, "san|libgcc", f"no package has {path}")
        self.assertEqual(needed - {"libc6", "libgcc-s1"} - installed, set(), "not in the image")


class Render(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.work = pathlib.Path(cls.temporary.name)
        for name in ("old", "new"):
            (cls.work / name).mkdir()
            (cls.work / name / "ca.crt").write_text(
                f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n", encoding="ascii")

    def render(self, *arguments, ok=True):
        return run(DEPLOY / "render", *arguments, ok=ok,
                   env=dict(os.environ, TMPDIR=str(self.work), KUBECTL=KUBECTL or "kubectl"))

    def rendered(self, *arguments):
        done = self.render(*arguments)
        self.assertEqual(done.stderr, "")
        return documents(done.stdout)

    @needs_kubectl
    def test_the_kustomizations_build(self):
        expected = ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "MutatingWebhookConfiguration",
                    "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"]
        for path in ("base", *(f"overlays/{name}" for name in OVERLAYS)):
            kinds = sorted(item["kind"] for item in documents(run(KUBECTL, "kustomize", DEPLOY / path).stdout))
            self.assertEqual(kinds, expected[2:] if path == "overlays/objects" else expected, path)

    @needs_kubectl
    def test_image_and_ca_bundle_are_filled_in_for_every_overlay(self):
        for options in ([], *(["--overlay", name] for name in OVERLAYS),
                        ["--overlay", "objects", "--overlay", "match-conditions"]):
            items = self.rendered(*options, IMAGE, self.work / "old", self.work / "new")
            pod = only(items, "Deployment")["spec"]["template"]["spec"]
            self.assertEqual(pod["containers"][0]["image"], IMAGE)
            webhooks = only(items, "MutatingWebhookConfiguration")["webhooks"]
            self.assertEqual(len(webhooks), 5)
            for webhook in webhooks:
                self.assertEqual(base64.b64decode(webhook["clientConfig"]["caBundle"]),
                                 (self.work / "old/ca.crt").read_bytes() + (self.work / "new/ca.crt").read_bytes())
            self.assertEqual([item["kind"] for item in items if item["kind"] == "Secret"], [])
            self.assertEqual(items[0]["kind"], "Namespace")
            config = only(items, "ConfigMap")
            self.assertEqual(pod["volumes"][0]["configMap"]["name"], config["metadata"]["name"])
            self.assertEqual(pod["volumes"][1]["secret"]["defaultMode"], 0o440)
        self.assertEqual([path.name for path in self.work.iterdir() if path.name not in ("old", "new")], [])

    @needs_kubectl
    def test_another_configuration_gets_another_name(self):
        own = self.work / "old" / "own.yaml"
        own.write_text("apiVersion: druid-bridge/v1alpha1\nkind: BridgeConfiguration\n", encoding="ascii")
        default = only(self.rendered(IMAGE, self.work / "old"), "ConfigMap")
        config = only(self.rendered("--config", own, IMAGE, self.work / "old"), "ConfigMap")
        self.assertEqual(config["data"], {"config.yaml": own.read_text(encoding="ascii")})
        self.assertNotEqual(config["metadata"]["name"], default["metadata"]["name"])

    @needs_kubectl
    def test_match_conditions_replace_the_label_by_the_name(self):
        items = self.rendered("--overlay", "match-conditions", IMAGE, self.work / "old")
        webhooks = only(items, "MutatingWebhookConfiguration")["webhooks"]
        self.assertTrue(all("namespaceSelector" in webhook for webhook in webhooks))
        self.assertEqual(["objectSelector" in webhook for webhook in webhooks], [False, True, True, False, False])
        first, second, third, fourth, fifth = (
            {item["name"]: item["expression"] for item in webhook.get("matchConditions", [])} for webhook in webhooks)
        by_name = first["etcd-main-or-etcd-events"]
        self.assertIn("object.metadata.name in ['etcd-main', 'etcd-events']", by_name)
        self.assertEqual(second, {"neither-etcd-main-nor-etcd-events": f"!({by_name})"})
        self.assertEqual((len(first), third, fifth), (1, {}, {}))
        self.assertIn("oldObject.metadata.name in ['etcd-main', 'etcd-events']", fourth["etcds"])
        self.assertIn("oldObject.status.selector.contains('app.kubernetes.io/managed-by=etcd-druid')", fourth["etcds"])

    @needs_kubectl
    def test_with_mounted_objects_nothing_is_asked_of_the_api_server(self):
        items = self.rendered("--overlay", "objects", IMAGE, self.work / "old")
        pod = only(items, "Deployment")["spec"]["template"]["spec"]
        self.assertIs(pod["automountServiceAccountToken"], False)
        self.assertIn("--objects=/etc/druid-bridge/objects", pod["containers"][0]["args"])
        self.assertIn({"name": "objects", "mountPath": "/etc/druid-bridge/objects", "readOnly": True},
                      pod["containers"][0]["volumeMounts"])
        self.assertIn({"name": "objects", "secret": {"secretName": "druid-bridge-objects", "defaultMode": 0o440}},
                      pod["volumes"])
        policy = only(items, "NetworkPolicy")["spec"]
        self.assertIn("Egress", policy["policyTypes"])
        self.assertNotIn("egress", policy)

    @needs_program
    @needs_kubectl
    def test_with_client_certificates_callers_are_named(self):
        items = self.rendered("--overlay", "client-certificates", IMAGE, self.work / "old")
        pod = only(items, "Deployment")["spec"]["template"]["spec"]
        container, = pod["containers"]
        names = [argument.split("=")[1] for argument in container["args"] if argument.startswith("--client-name=")]
        self.assertEqual(names, ["kube-apiserver-admission"])
        self.assertIn("--client-ca=/etc/druid-bridge/client-ca/ca.crt", container["args"])
        self.assertIn({"name": "client-ca", "mountPath": "/etc/druid-bridge/client-ca", "readOnly": True},
                      container["volumeMounts"])
        self.assertIn({"name": "client-ca", "configMap": {"name": "druid-bridge-client-ca"}}, pod["volumes"])
        self.assertNotIn("--open-translate", container["args"])
        for argument in container["args"]:
            self.assertIn(argument.split("=")[0] + " ", run(PROGRAM, "--help").stdout)

    @needs_kubectl
    def test_overlays_stand_on_one_another(self):
        items = self.rendered("--overlay", "objects", "--overlay", "match-conditions", IMAGE, self.work / "old")
        self.assertIn("matchConditions", only(items, "MutatingWebhookConfiguration")["webhooks"][0])
        self.assertIn("--objects=/etc/druid-bridge/objects",
                      only(items, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"])

    @needs_kubectl
    def test_old_api_servers_get_what_they_know(self):
        items = self.rendered("--overlay", "before-1.21", IMAGE, self.work / "old")
        self.assertEqual(only(items, "PodDisruptionBudget")["apiVersion"], "policy/v1beta1")
        template = only(items, "Deployment")["spec"]["template"]
        self.assertNotIn("seccompProfile", template["spec"]["securityContext"])
        self.assertEqual(template["metadata"]["annotations"]["seccomp.security.alpha.kubernetes.io/pod"],
                         "runtime/default")

    @needs_program
    @needs_kubectl
    def test_what_was_issued_is_what_is_rendered(self):
        issued = self.work / "old" / "issued"
        printed = run(PROGRAM, "--issue-certs", issued, "--dns-name", "druid-bridge.druid-bridge.svc").stdout
        items = self.rendered(IMAGE, issued)
        for webhook in only(items, "MutatingWebhookConfiguration")["webhooks"]:
            self.assertIn(webhook["clientConfig"]["caBundle"], printed)

    def test_bad_arguments_print_nothing(self):
        key = self.work / "new" / "key"
        key.mkdir()
        (key / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", encoding="ascii")
        empty = self.work / "new" / "empty"
        empty.mkdir()
        (empty / "ca.crt").touch()
        old = self.work / "old"
        for arguments, word in (([], "usage"), ([IMAGE], "usage"), (["--nonsense", IMAGE, old], "--nonsense"),
                                ([IMAGE, empty], "has no certificate"), ([IMAGE, old, self.work / "gone"], "gone"),
                                ([IMAGE, key], "private key"), (["a b", old], "not the name of an image"),
                                (["--overlay", "none", IMAGE, old], "overlays/none"),
                                (["--config", "/none", IMAGE, old], "/none: no such file"),
                                (["--overlay"], "needs a value")):
            done = self.render(*arguments, ok=False)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertEqual(done.stdout, "", arguments)
            self.assertIn(word, done.stderr)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (DEPLOY / "README.md").read_text(encoding="utf-8")
        cls.text = text
        cls.blocks = re.findall(r"```sh\n(.*?)```", text, re.S)

    def test_its_commands_are_shell(self):
        self.assertGreater(len(self.blocks), 5)
        for block in self.blocks:
            run("sh", "-n", "-c", block)

    def test_the_kill_switch_names_the_registration(self):
        webhook = yaml.safe_load((DEPLOY / "base/webhook.yaml").read_text(encoding="utf-8"))
        self.assertEqual(self.blocks[0].strip(),
                         f"kubectl delete mutatingwebhookconfiguration {webhook['metadata']['name']}")

    def test_it_names_every_webhook(self):
        webhook = yaml.safe_load((DEPLOY / "base/webhook.yaml").read_text(encoding="utf-8"))
        table = re.findall(r"^\| `(\S+)` \| .* \| (of shoots|all) \|$", self.text, re.M)
        suffix = ".druid-bridge.gardener.cloud"
        self.assertEqual([name + suffix for name, _ in table], [item["name"] for item in webhook["webhooks"]])
        for name in re.findall(rf"[\w-]+{re.escape(suffix)}", self.text):
            self.assertIn(name, [item["name"] for item in webhook["webhooks"]])

    def test_it_explains_every_rule_of_the_role(self):
        role = yaml.safe_load((DEPLOY / "base/cluster-role.yaml").read_text(encoding="utf-8"))
        part = self.text[self.text.index("## What it may read"):self.text.index("### Without any access")]
        for rule in role["rules"]:
            for word in rule["resources"] + rule.get("resourceNames", []):
                self.assertIn(word, part)

    def test_the_api_server_presents_the_name_that_the_overlay_asks_for(self):
        part = self.text[self.text.index("## Who may call"):]
        part = part[:part.index("\n## ")]
        overlay = (DEPLOY / "overlays/client-certificates/deployment.yaml").read_text(encoding="utf-8")
        name, = re.findall(r"--client-name=(\S+)", overlay)
        self.assertIn(f"-subj /CN={name} ", part)
        admission, kubeconfig = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", part, re.S))
        plugin, = admission["plugins"]
        self.assertEqual((admission["kind"], plugin["name"]), ("AdmissionConfiguration", "MutatingAdmissionWebhook"))
        user, = kubeconfig["users"]
        service, = documents((DEPLOY / "base/service.yaml").read_text(encoding="utf-8"))
        self.assertEqual(service["spec"]["ports"][0]["port"], 443)
        self.assertEqual(user["name"], "{name}.{namespace}.svc".format(**service["metadata"]))

    def test_it_names_every_overlay(self):
        for name in OVERLAYS:
            self.assertIn(f"`overlays/{name}/`", self.text)


if __name__ == "__main__":
    unittest.main()
