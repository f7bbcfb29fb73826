"""What is said of versions on platforms that scripts deploy to, and of the scripts themselves."""

from gonogo.language.marks import form

GROUNDS = (
    form("{word_script} of {service} {version} in {environment} ended with {n_code}: {maybe_last}"),
    form("{word_script} of {service} {version} in {environment} ended with {n_code}"),
    form("{word_script} of {service} {version} in {environment} was killed after {span}"),
    form("it printed no word of why"),
    form("{maybe_said}, and read says that it is {state}"),
    form("{maybe_said}, again, and read says that it is {state}"),
    form("{maybe_said}, and what it did is not known: {maybe_why}"),
    form("{maybe_said}, and whether it is gone is not known: {maybe_why}"),
    form("{maybe_said}, and read still says that it is {state}"),
    form(
        "deploy of {service} {version} in {environment} was begun and nobody saw it end; read says"
        " that nothing of it is there"
    ),
    form(
        "deploy of {service} {version} in {environment} was begun and nobody saw it end; read says"
        " that nothing of it is there (look whether it was done; then `gonogo resume --done` or"
        " `gonogo resume --again`)"
    ),
    form("whether {service} {version} in {environment} runs is not known: {maybe_why}"),
    form("the platform says that it does not know"),
    form("the platform says {state}"),
    form("the platform says {state}, and whether deploy is done is not known"),
    form("read of {service} {version} in {environment} printed nothing; expected {expected}"),
    form("read of {service} {version} in {environment} printed {shown}; expected {expected}"),
    form(
        'read of {service} {version} in {environment} says that "{other}" runs under the name'
        " {instance}, expected {version_expected}"
    ),
    form(
        "read of {service} {version} in {environment} gave no share, and its platform shares"
        " customers by one"
    ),
    form(
        "{service} {version} in {environment} was told to get {share} of customers, and read says"
        " that it gets {share_now}"
    ),
    form(
        "slot {slot} ({address}) of {service} in {environment} is {state} and not healthy, so it gets"
        " no customers"
    ),
    form(
        "the {word_script} script of {environment} cannot be run: {program} is not there, or may not"
        " be executed"
    ),
    form(
        "customers of {service} in {environment} are shared by its platform, and the plan wants the"
        " desk's own router to do it"
    ),
    form(
        "customers of {service} in {environment} are shared by the desk's own router, and the plan"
        " wants its platform to do it"
    ),
    form(
        "slot {slot} of {service} in {environment} was not deployed by scripts, so no platform can"
        " share customers with it"
    ),
    form("{maybe_said} (give the environment another name, under which nothing serves yet)"),
    form("{version} cannot be reached: {error}"),
    form("scripts of {service} {version} in {environment}"),
    form("all of them are there"),
    form("its deploy was begun and nobody saw it end"),
    form("look on the platform whether it was done; read finds out by itself when it runs"),
    form("put it back where it was: it is needed to look at this version and to retire it"),
    form("the files of this version are not at {path}"),
    form("{word_script} cannot be run: {program} is not on PATH"),
    form("{word_script} cannot be run: {path} is not there"),
    form("{word_script} cannot be run: {path} may not be executed"),
)
