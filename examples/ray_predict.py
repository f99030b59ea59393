"""Read pictures on a Ray cluster: `python examples/ray_predict.py s3://bucket/scans s3://bucket/read`."""

import argparse
from io import BytesIO
from typing import Any

try:
    import ray
except ModuleNotFoundError:
    raise SystemExit("error: this example needs Ray: pip install 'digits[ray]'") from None

from digits.data.picture_file import SUFFIXES


def read(batch: dict[str, Any], source: str) -> dict[str, list[Any]]:
    """What pictures say; any machine can do that again for one that died."""
    from digits.predictor import load_once  # in the process that reads

    readings = [load_once(source).read(BytesIO(content)) for content in batch["bytes"]]
    known = {name: [getattr(one, name) for one in readings] for name in ("text", "confidence", "note")}
    return {"path": list(batch["path"]), **known}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", help="a folder, or an address such as s3://bucket/folder")
    parser.add_argument("output", help="where the Parquet files go")
    parser.add_argument("--ckpt_path", default="pretrained")
    parser.add_argument("--blocks", type=int, default=200, help="parts that the pictures are dealt out in")
    args, kinds = parser.parse_args(), [suffix[1:] for suffix in SUFFIXES]
    files = ray.data.read_binary_files(
        args.pictures, include_paths=True, file_extensions=kinds, override_num_blocks=args.blocks
    )
    files.map_batches(read, fn_kwargs={"source": args.ckpt_path}).write_parquet(args.output)
