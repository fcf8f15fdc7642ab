"""What is read out of a template, and what is said of one that cannot be read."""

import re
import textwrap
from pathlib import Path

import pytest

from motorpool.local import FunctionConfig, InputError, TemplateError, load_function

OWN = Path(__file__).parents[2] / "template.yaml"

PARAMETERS = """
Parameters:
  Uri: {Type: String, NoEcho: true}
  Seconds: {Type: Number, Default: 12}
  Suffix: {Type: String, Default: pool}
  Remote: {Type: "AWS::SSM::Parameter::Value<String>", Default: /the/name/of/it}
"""


def template(path: Path, properties: str, *, parameters: str = PARAMETERS) -> Path:
    """A template with one function of these properties."""
    lines = textwrap.indent(textwrap.dedent(properties).strip(), "      ")
    path = path / "template.yaml"
    path.write_text(
        f"{parameters}\nResources:\n  Proxy:\n    Type: AWS::Serverless::Function\n"
        f"    Properties:\n{lines}\n",
        encoding="utf-8",
    )
    return path


POLICY = {
    "MOTORPOOL_ALLOW": "out",
    "MOTORPOOL_NAMESPACES": "*",
    "MOTORPOOL_OPERATIONS": "read,write",
}
ENGINE = {
    "MOTORPOOL_DRIVER": "motor",
    "MOTORPOOL_FUSE": "on",
    "MOTORPOOL_TIMEOUT": "30",
    "MOTORPOOL_USAGE": "off",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**20),
}


def test_motorpools_own_template_gives_the_proxy_function() -> None:
    config = load_function(OWN, environment={"MOTORPOOL_MONGODB_URI": "mongomock://"})
    assert config == FunctionConfig(
        name="motorpool-proxy",
        handler="motorpool.proxy.handler.handler",
        memory_mb=128,
        timeout_s=30,
        reserved_concurrency=10,
        environment={
            "MOTORPOOL_MONGODB_URI": "mongomock://",
            "MOTORPOOL_POOL_SIZE": "5",
            **POLICY,
            **ENGINE,
        },
        runtime="python3.13",
    )


def test_parameters_override_the_templates_defaults() -> None:
    config = load_function(
        OWN,
        parameters={"MongoDBUri": "mongodb://db", "ReservedConcurrency": "3", "PoolSize": "9"},
    )
    assert config.reserved_concurrency == 3
    assert config.environment == {
        "MOTORPOOL_MONGODB_URI": "mongodb://db",
        "MOTORPOOL_POOL_SIZE": "9",
        **POLICY,
        **ENGINE,
    }


def test_a_parameter_without_a_value_is_named_and_so_is_the_way_to_give_it() -> None:
    with pytest.raises(TemplateError) as caught:
        load_function(OWN)
    assert str(caught.value) == (
        f"{OWN}: parameter MongoDBUri (for ProxyFunction.Environment.Variables."
        "MOTORPOOL_MONGODB_URI) has no default: give it with --parameter MongoDBUri=VALUE "
        "or --mongodb-uri URI"
    )


def test_an_unknown_parameter_is_refused_by_name(tmp_path: Path) -> None:
    path = template(tmp_path, "Handler: a.b")
    with pytest.raises(TemplateError, match=r"has no parameter Url \(it has: Uri, Seconds, "):
        load_function(path, parameters={"Url": "x"})


def test_references_and_substitutions_are_resolved(tmp_path: Path) -> None:
    path = template(
        tmp_path,
        """
        FunctionName: !Sub "motor${Suffix}-${ Seconds }"
        Handler: module.function
        Timeout: !Ref Seconds
        Environment:
          Variables:
            LONG_FORM: {Ref: Seconds}
            MAPPED: !Sub ["${a}/${Suffix}/${!Suffix}", {a: !Ref Seconds}]
            REGION: !Sub "${AWS::Partition}:${AWS::Region}"
            ABSENT: !Ref AWS::NoValue
            YES: true
            NUMBER: 1.5
        """,
    )
    config = load_function(path)
    assert config.name == "motorpool-12"
    assert config.timeout_s == 12
    assert config.environment == {
        "LONG_FORM": "12",
        "MAPPED": "12/pool/${Suffix}",
        "REGION": "aws:us-east-1",
        "YES": "true",
        "NUMBER": "1.5",
    }


def test_what_is_not_needed_need_not_be_understood(tmp_path: Path) -> None:
    path = template(
        tmp_path,
        """
        Handler: module.function
        Role: !GetAtt Role.Arn
        VpcConfig: {SubnetIds: !Split [",", !ImportValue subnets]}
        Environment: {Variables: {SECRET: !Sub "{{resolve:secretsmanager:${Uri}}}"}}
        """,
    )
    assert load_function(path, environment={"SECRET": "given"}) == FunctionConfig(
        name="Proxy", handler="module.function", environment={"SECRET": "given"}
    )


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("MemorySize: 128", "Proxy.Handler is missing"),
        ("Handler: !If [a, b, c]", "Proxy.Handler cannot be resolved: Fn::If is not understood"),
        ("Handler: [a.b]", "Proxy.Handler cannot be resolved: expected one value"),
        ("Handler: handler", "handler 'handler': expected module.function"),
        ("{Handler: a.b, Timeout: soon}", "Proxy.Timeout must be a whole number, not 'soon'"),
        ("{Handler: a.b, Timeout: 1.5}", "Proxy.Timeout must be a whole number, not '1.5'"),
        ("{Handler: a.b, Timeout: 901}", "time-out 901 s: more than 0, at most 900"),
        ("{Handler: a.b, MemorySize: 64}", "memory 64 MB: from 128 to 10240"),
        ("{Handler: a.b, FunctionName: a b}", "function name 'a b': 1 to 64 letters"),
        ("{Handler: a.b, ReservedConcurrentExecutions: -1}", "concurrency -1: 0 or more"),
        ("{Handler: a.b, FunctionName: !Ref Nobody}", "Nobody is not a parameter of this"),
        ("{Handler: a.b, FunctionName: !Ref Remote}", "parameter Remote (for Proxy.FunctionName)"),
        (
            '{Handler: a.b, Environment: {Variables: {X: !Sub "${Table.Arn}"}}}',
            "Proxy.Environment.Variables.X cannot be resolved: Table.Arn is not a parameter",
        ),
        (
            "{Handler: a.b, Environment: {Variables: {X: !GetAtt T.Arn}}}",
            "Fn::GetAtt is not understood here; give it with --env X=VALUE",
        ),
        ("{Handler: a.b, Environment: {Variables: [X]}}", "Environment.Variables must be a"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, properties: str, message: str) -> None:
    path = template(tmp_path, properties)
    with pytest.raises(TemplateError, match=re.escape(message)) as caught:
        load_function(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML: expected the node content, but found '<stream end>' in line 1"),
        ("\tx", "is not YAML"),
        ("just words", "is not a template"),
        ("", "is not a template"),
        ("Resources: {T: {Type: 'AWS::DynamoDB::Table'}}", "has no function among its Resources"),
        ("!!python/object/apply:os.system [true]", "is not YAML: could not determine"),
        ("Resources: [1]", "Resources must be a mapping"),
    ],
)
def test_what_is_no_template_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=re.escape(message)) as caught:
        load_function(path)
    assert "\n" not in str(caught.value)


def test_a_missing_or_unreadable_template_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such template"):
        load_function(tmp_path / "none.yaml")
    with pytest.raises(TemplateError, match="cannot be read"):
        load_function(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match="not a text in UTF-8"):
        load_function(tmp_path / "binary.yaml")


SEVERAL = """
Globals:
  Function:
    Timeout: 20
    Runtime: python3.12
    Environment: {Variables: {SHARED: global, LEVEL: global}}
Resources:
  First:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-first
      Handler: first.handler
      Environment: {Variables: {LEVEL: own}}
  Second:
    Type: AWS::Serverless::Function
    Properties: {Handler: second.handler, Timeout: 5}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Handler: plain.handler}
"""


def test_globals_stand_behind_a_functions_own_properties(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(SEVERAL, encoding="utf-8")
    first = load_function(path, function="First")
    assert (first.timeout_s, first.runtime) == (20, "python3.12")
    assert first.environment == {"SHARED": "global", "LEVEL": "own"}
    assert load_function(path, function="Second").timeout_s == 5
    # A function of plain CloudFormation knows no globals, and has Lambda's own defaults.
    assert load_function(path, function="Plain") == FunctionConfig(
        name="Plain", handler="plain.handler", timeout_s=3, memory_mb=128
    )


def test_one_of_several_functions_is_chosen_by_logical_id_or_name(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(SEVERAL, encoding="utf-8")
    assert load_function(path, function="the-first").handler == "first.handler"
    with pytest.raises(TemplateError, match="choose one with --function: First, Second, Plain"):
        load_function(path)
    with pytest.raises(TemplateError, match=r"has no function third \(it has: First, Second"):
        load_function(path, function="third")


def test_the_config_is_checked_when_made_and_does_not_show_its_variables() -> None:
    with pytest.raises(InputError, match="time-out 0 s"):
        FunctionConfig(name="f", handler="a.b", timeout_s=0)
    config = FunctionConfig(
        name="f", handler="a.b", environment={"MOTORPOOL_MONGODB_URI": "mongodb://u:secret@h"}
    )
    assert "secret" not in repr(config)
    assert not config.is_embedded


def test_with_the_embedded_database_the_concurrency_is_one() -> None:
    uri = {"MOTORPOOL_MONGODB_URI": "mongomock://"}
    assert FunctionConfig(name="f", handler="a.b", environment=uri).concurrency == 1
