"""Generates the protobuf stubs from protos/, or with --check says where they have drifted."""

import argparse
import sys
import tempfile
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGES = ROOT / "service"
RELEASED = ROOT / "tests/rpc/released"
API = "maitred/v1"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


def generate(target: Path) -> list[Path]:
    """Writes stubs under ``target``; gives their paths relative to it."""
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    arguments = ["protoc", f"-I{PROTOS}", f"-I{WELL_KNOWN}", f"--python_out={target}", f"--pyi_out={target}"]
    services = [name for name in files if "service " in (PROTOS / name).read_text()]
    with_services = [*arguments, f"--grpc_python_out={target}", *services]
    if protoc.main([*arguments, *files]) or protoc.main(with_services):
        sys.exit("protoc failed")
    return sorted(path.relative_to(target) for path in target.rglob("*_pb2*"))


def release() -> int:
    """Keeps the descriptors of the public API, which no later version may contradict."""
    for proto in sorted((PROTOS / API).glob("*.proto")):
        kept = RELEASED / f"{proto.stem}.binpb"
        name = str(proto.relative_to(PROTOS))
        with tempfile.NamedTemporaryFile() as made:
            arguments = [
                "protoc",
                f"-I{PROTOS}",
                f"-I{WELL_KNOWN}",
                f"--descriptor_set_out={made.name}",
                name,
            ]
            if protoc.main(arguments):
                sys.exit("protoc failed")
            (file,) = FileDescriptorSet.FromString(Path(made.name).read_bytes()).file
        kept.write_bytes(file.SerializeToString(deterministic=True))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a stub differs")
    parser.add_argument(
        "--release", action="store_true", help="keep the API as it is for tests of later ones"
    )
    arguments = parser.parse_args()
    if arguments.release:
        return release()
    check = arguments.check
    with tempfile.TemporaryDirectory() as scratch:
        made = generate(Path(scratch))
        drifted = [name for name in made if not same(Path(scratch) / name, PACKAGES / name)]
        if not check:
            for name in drifted:
                (PACKAGES / name).write_bytes((Path(scratch) / name).read_bytes())
                print(f"wrote service/{name}")
            return 0
    for name in drifted:
        print(f"service/{name} differs from protos/: run `make stubs`")
    return int(bool(drifted))


def same(left: Path, right: Path) -> bool:
    return right.exists() and left.read_bytes() == right.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
