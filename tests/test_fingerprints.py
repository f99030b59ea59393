import torch

from digits.fingerprints import MOST, count_known, fingerprints, merge


def test_a_change_of_any_pixel_changes_the_fingerprint() -> None:
    images = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8).repeat(784 * 8, 1, 1)
    for bit in range(8):
        pixels = torch.arange(784)
        images.view(-1, 784)[784 * bit + pixels, pixels] ^= 1 << bit
    assert len(fingerprints(images).unique()) == len(images)
    pairs = torch.combinations(torch.arange(7, 784, 8))  # two bright pixels, each the last of eight
    images = torch.zeros(len(pairs), 784, dtype=torch.uint8).scatter_(1, pairs, 128).view(-1, 28, 28)
    assert len(fingerprints(images).unique()) == len(images)


def in_whole_numbers(image: bytes) -> int:
    """A fingerprint, as it is in files on whatever machine."""
    total, modulus = 0, 1 << 64
    for i in range(98):
        power = pow(-0x61C8864680B583EB, i + 1, modulus)
        word = int.from_bytes(image[8 * i : 8 * i + 8], "little") * power % modulus
        high = (word - modulus if word >> 63 else word) >> 32
        total += (word ^ high % modulus) * power
    return (total + (1 << 63)) % modulus - (1 << 63)


def test_fingerprints_are_the_same_everywhere() -> None:
    images = torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)
    wanted = [in_whole_numbers(image.numpy().tobytes()) for image in images]
    assert fingerprints(images).tolist() == wanted
    assert fingerprints(images.transpose(1, 2).contiguous().transpose(1, 2)).tolist() == wanted
    assert fingerprints(images[:0]).tolist() == []


def test_what_is_kept_is_bounded_and_the_newest_comes_first() -> None:
    new, old = torch.tensor([3, 1, 3]), torch.tensor([1, 2])
    assert merge(new).tolist() == [1, 3]
    assert merge(new, old).tolist() == [1, 3, 2]
    many = merge(torch.arange(2 * MOST), old)
    assert many.tolist() == list(range(MOST))


def test_known_images_are_counted() -> None:
    images = torch.randint(0, 256, (9, 28, 28), dtype=torch.uint8)
    assert count_known(images, fingerprints(images[2:5])) == 3
    assert count_known(images, None) == 0
