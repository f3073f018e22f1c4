"""Makes tests/adapters/grafana_schema.json from Grafana's own types, with npm: python -m tests.adapters.make_grafana_schema

Run when a newer Grafana is meant. The types are @grafana/schema's (Apache-2.0); ts-json-schema-generator turns them into JSON Schema.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

PACKAGES = ("@grafana/schema@13.2.3", "ts-json-schema-generator@2.4.0", "typescript@5.9.3")
FILE = Path(__file__).with_name("grafana_schema.json")
PANELS = {
    "stat": "stat",
    "timeseries": "timeseries",
    "bargauge": "bargauge",
    "heatmap": "heatmap",
    "state-timeline": "statetimeline",
}
WITH_OWN_FIELDS = ("timeseries", "heatmap", "state-timeline")


def without_prose(schema: Any) -> Any:
    """The schema without descriptions; a property may be called so."""
    if isinstance(schema, dict):
        return {
            key: without_prose(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    return [without_prose(item) for item in schema] if isinstance(schema, list) else schema


def main() -> None:
    """Writes the file anew."""
    with tempfile.TemporaryDirectory(prefix="grafana-schema-") as folder:
        subprocess.run(["npm", "init", "-y"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder, check=True)
        raw = Path("node_modules/@grafana/schema/dist/types/raw")

        def schema_of(path: str, name: str) -> Any:
            command = ["npx", "ts-json-schema-generator", "--path", str(raw / path / "x/types.gen.d.ts")]
            made = subprocess.run(
                [*command, "--type", name, "--no-type-check"], cwd=folder, check=True, capture_output=True, text=True
            )
            return without_prose(json.loads(made.stdout))

        found = {
            "source": f"{PACKAGES[0]}, Apache-2.0, by {PACKAGES[1]}",
            "dashboard": schema_of("dashboard", "Dashboard"),
            "options": {kind: schema_of(f"composable/{name}/panelcfg", "Options") for kind, name in PANELS.items()},
            "custom": {
                kind: schema_of(f"composable/{PANELS[kind]}/panelcfg", "FieldConfig") for kind in WITH_OWN_FIELDS
            },
        }
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
