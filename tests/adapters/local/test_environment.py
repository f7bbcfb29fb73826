from gonogo.adapters.local.environment import child_environment

DESK = {"PATH": "/bin", "LC_TIME": "C", "HOME": "/root", "API_TOKEN": "x", "PYTHONPATH": "/desk"}


def test_only_what_is_on_the_list_is_inherited():
    assert child_environment([], desk=DESK) == {"PATH": "/bin", "LC_TIME": "C", "HOME": "/root"}


def test_later_layers_win():
    made = child_environment([{"A": "1", "PATH": "/x"}, {"A": "2"}], desk=DESK)
    assert (made["A"], made["PATH"]) == ("2", "/x")


def test_there_is_always_a_path_to_find_programs_on():
    assert child_environment([], desk={})["PATH"]
