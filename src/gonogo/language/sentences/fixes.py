"""What is to be done about a gate where its rule does not say."""

from gonogo.language.marks import form

FIXES = (
    form("mend what failed, run the tests on this commit and file their report"),
    form("write tests for the lines that did not run and file the coverage report of this commit"),
    form("mend what the tools found and file their reports of this commit"),
    form("mend the findings, or suppress them with a reason in the scanner, and scan again"),
    form("upgrade to a version without the weakness and scan again"),
    form("upgrade or replace the component and file a new list of components"),
    form("run the load test on this commit and file its report"),
    form("split the change into steps that the version before can live with, or allow the hazard"),
    form(
        "rehearse the rollback; if the version before fails, change the migration so that it runs"
    ),
    form("split the change into smaller ones"),
    form(
        "split the change into smaller ones that can each be reviewed and released; mark"
        " files that tools write as linguist-generated in .gitattributes"
    ),
    form(
        "they run by themselves once the version is there; if one failed, release a mended version"
    ),
    form("do what the health test advises and file its report again"),
    form("bring the number back within its bound and measure again"),
    form("mend the rules that the checker refuses and file its report again"),
    form("wait until the error budget has recovered, or measure it again"),
    form("close the open incidents and count them again"),
    form("restore the newest backup in a drill and file its report"),
    form("set the missing secrets in the environments that are named"),
    form("name an owner, the runbook and the dashboards, and see that they are there"),
    form("write the document, and name this version in the change log"),
    form("say in the handoff what is done about each grave risk and known issue"),
    form("work through the open lines and tick them"),
    form("ask those who are missing to look at the evidence and sign"),
    form("acknowledge the handoff with a window that is open, or wait for the window"),
    form("wait for the end of the freeze, or lift the flag"),
)
