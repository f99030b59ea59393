from digits.argv import given_settings, group_options, is_given, options_with_values, values_of, without_options

ARGV = ["fit", "--data", "CSVDataModule", "--data.train=a=b.csv", "--model.init_args.lr", "0.1", "--name"]


def test_an_option_is_given_with_or_without_an_equals_sign() -> None:
    assert is_given(ARGV, "--absent", "--data.train")
    assert is_given(ARGV, "--data")
    assert not is_given(ARGV, "--model", "CSVData")


def test_a_value_follows_the_equals_sign_or_the_option() -> None:
    pairs = [*options_with_values(ARGV)]
    assert ("--data.train", "a=b.csv") in pairs
    assert ("--model.init_args.lr", "0.1") in pairs
    assert pairs[-1] == ("--name", "")


def test_an_option_may_be_given_several_times_and_under_several_names() -> None:
    words = ["fit", "-c", "a", "--config=b", "--config", "c", "--name", "ink", "-c"]  # a name is no config
    assert values_of(words, "--config", "-c") == ["a", "b", "c", ""]


def test_the_settings_of_a_group_are_known_by_either_form() -> None:
    assert given_settings(ARGV, "model") == {"lr"}
    assert given_settings(ARGV, "data") == {"train"}


def test_options_are_taken_out_with_their_values() -> None:
    assert group_options(ARGV, "--data") == ARGV[1:4]
    assert group_options(ARGV, "--name") == ["--name"]
    assert without_options(ARGV, "--data") == [ARGV[0], *ARGV[3:]]
    assert without_options(ARGV, "--data.train") == [*ARGV[:3], *ARGV[4:]]
    assert without_options(ARGV, "--data", "--data.train") == [ARGV[0], *ARGV[4:]]
