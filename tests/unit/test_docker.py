"""The compose file, as files: what it mounts is there, nobody is root, and its parts know each other."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from jietong.site_file import load_site

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
IMAGE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
STAND_INS = (DOCKER / "stand_in" / "Dockerfile").read_text(encoding="utf-8")
ROOM = DOCKER.parent / "metrics"


def test_the_parts_of_a_hotline_are_there() -> None:
    """Whoever starts the file has the hotline, its store, its database, Prometheus and Grafana."""
    assert set(SERVICES) == {"hotline", "store", "database", "prometheus", "grafana"}


def test_the_image_has_every_room() -> None:
    """The image starts: what is installed elsewhere is let into its build as well."""
    project = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = {f"!{name.rstrip('*')}/" for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert rooms <= set((DOCKER.parent / ".dockerignore").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_fenced_in(name: str) -> None:
    """Nobody is root, has rights to spare, or stays away after a crash; each tells whether it is well."""
    service = SERVICES[name]
    user = service.get("user") or re.findall(r"^USER (\S+)", IMAGE, re.MULTILINE)[-1]
    assert user.split(":")[0] not in ("root", "0")
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or (name == "hotline" and "HEALTHCHECK" in IMAGE)


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    """Files come from the repository, data lies in volumes that are declared."""
    for mount in SERVICES[name]["volumes"]:
        source = mount.split(":")[0]
        assert (DOCKER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount


def test_images_are_pinned_and_have_stand_ins() -> None:
    """No image is "latest"; what `make docker-try` needs is built from the stand-ins' file."""
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert images.pop("hotline") == "jietong"
    assert all(re.search(r":v?\d", image) for image in images.values()), images
    built = set(re.findall(r"^FROM base AS (\w+)", STAND_INS, re.MULTILINE))
    assert built == set(images) - {"grafana"}


def test_the_site_fits_the_services() -> None:
    """The site file beside the compose file is a good one, and names the store and the database that are started."""
    site = load_site(DOCKER / "site.toml")
    assert site.store.url == "redis://127.0.0.1:6379/0"
    assert (
        site.database.url
        == f"postgresql://{SERVICES['database']['environment']['POSTGRES_USER']}@127.0.0.1:5432/jietong"
    )
    passwords = [
        SERVICES["hotline"]["environment"]["PGPASSWORD"],
        SERVICES["database"]["environment"]["POSTGRES_PASSWORD"],
    ]
    assert passwords[0] == passwords[1] and passwords[0].startswith("${JIETONG_DATABASE_PASSWORD:?")


def test_prometheus_and_grafana_find_what_they_show() -> None:
    """Prometheus has its rules where its configuration looks for them; Grafana asks that Prometheus, and finds its dashboards."""
    mounts = {name: dict(_mount(text) for text in SERVICES[name]["volumes"]) for name in ("prometheus", "grafana")}
    assert mounts["prometheus"]["/etc/prometheus/prometheus.yml"] == ROOM / "prometheus" / "prometheus.yml"
    for rules in yaml.safe_load((ROOM / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["rule_files"]:
        assert (mounts["prometheus"]["/etc/prometheus/rules"].parent / rules).exists()
    provisioning = mounts["grafana"]["/etc/grafana/provisioning"]
    source = _provisioned(provisioning, "datasources")["datasources"][0]
    listens = next(word for word in SERVICES["prometheus"]["command"] if word.startswith("--web.listen-address="))
    assert source["url"] == f"http://{listens.partition('=')[2]}"
    path = _provisioned(provisioning, "dashboards")["providers"][0]["options"]["path"]
    assert list(mounts["grafana"][path].glob("*.json"))


def _mount(text: str) -> tuple[str, Path]:
    source, target = text.split(":")[:2]
    return target, (DOCKER / source).resolve()


def _provisioned(folder: Path, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((folder / kind / "jietong.yaml").read_text(encoding="utf-8"))
    return told
