"""What holds for any input, tried with inputs that are made up: YAML and JSON are one tree, to another reader
too; the order of the input does not count; accounting is total; no value of a Secret is in any output."""

import base64
import json
import random
import unittest

import yaml

from support import fixture, kind, run

ROUNDS = 60
WORDS = ["y", "no", "0x1f", "1e3", "12:30:45", "2020-01-01", "~", " lead", "trail ", "a: b", "a #b", "- x", "'q'",
         '"d"', "ünï", "line\nbreak", "", "=", "<<", "null", "0755", ".5", "@at", "`tick`", "%p", "tab\tin"]
SECRET = "Sentinel-{}-of-a-Secret"


def leaves(tree, path=""):
    """The JSON Pointers of all leaves, as the contract of the report counts them."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(tree, list) and tree:
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}/{index}")
    else:
        yield path


def shuffled(tree, rng):
    """The same with the keys of its maps in another order."""
    if isinstance(tree, dict):
        keys = list(tree)
        rng.shuffle(keys)
        return {key: shuffled(tree[key], rng) for key in keys}
    return [shuffled(item, rng) for item in tree] if isinstance(tree, list) else tree


def made_up(rng):
    """A fixture's objects, varied: labels, annotations, fields nobody knows, flags, and a Secret beside them."""
    objects = fixture(rng.choice(("plain", "trio", "secured")))
    sts = kind(objects, "StatefulSet")
    template = sts["spec"]["template"]
    for place in (sts["metadata"], template.setdefault("metadata", {})):
        for name in ("labels", "annotations"):
            for _ in range(rng.randrange(3)):
                place.setdefault(name, {})[f"x{rng.randrange(99)}.example/k{rng.randrange(99)}"] = rng.choice(WORDS)
    for target in (sts["spec"], template["spec"], rng.choice(template["spec"]["containers"])):
        if rng.random() < 0.4:
            target[f"field{rng.randrange(9)}"] = rng.choice([1, True, None, [], {}, "x", {"a": [1, {"b": None}]}])
    container = rng.choice(template["spec"]["containers"])
    container.setdefault("env", []).extend(
        {"name": f"V{number}", "valueFrom": {"secretKeyRef": {"name": "made-up", "key": f"k{number}"}}}
        for number in range(rng.randrange(4)))
    if rng.random() < 0.5:
        container.setdefault("args", []).append(rng.choice(("--quota-backend-bytes=1", "--metrics=extensive", "-x",
                                                            "--schedule=@daily", "--unknown=$(V0)", "words")))
    namespace = sts["metadata"]["namespace"]
    data = {f"k{number}": base64.b64encode(SECRET.format(number).encode()).decode() for number in range(4)}
    objects.append({"apiVersion": "v1", "kind": "Secret", "data": data,
                    "metadata": {"name": "made-up", "namespace": namespace}})
    return objects, sts


def translate(objects, output):
    result = run("-", "--output", output, "--report-format", "json", "--druid-version", "v0.38",
                 stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    assert result.returncode in (0, 2), result.stderr
    return result.stdout, json.loads(result.stderr[result.stderr.index("{"):]), result.stdout + result.stderr


class Properties(unittest.TestCase):
    def test_any_input(self):
        translated = 0
        for number in range(ROUNDS):
            rng = random.Random(number)
            objects, sts = made_up(rng)
            with self.subTest(seed=number):
                text, report, said = translate(objects, "yaml")
                as_json = translate(objects, "json")
                trees = list(yaml.safe_load_all(text)) if text else []
                self.assertEqual(trees, [json.loads(as_json[0])] if as_json[0] else [])
                self.assertEqual(report, as_json[1])
                other = [shuffled(item, rng) for item in objects]
                rng.shuffle(other)
                self.assertEqual(translate(other, "yaml")[0], text)
                fields = [field["path"] for field in report["items"][0]["fields"]]
                expected = [path for name in ("labels", "annotations") if name in sts["metadata"]
                            for path in leaves(sts["metadata"][name], f"/metadata/{name}")]
                self.assertEqual(sorted(fields), sorted(expected + list(leaves(sts["spec"], "/spec"))))
                for secret in range(4):
                    plain = SECRET.format(secret)
                    self.assertNotIn(plain, said)
                    self.assertNotIn(base64.b64encode(plain.encode()).decode(), said)
                translated += bool(text)
        self.assertGreater(translated, ROUNDS // 10, "hardly any was translated: the test tries too little")


if __name__ == "__main__":
    unittest.main()
