"""Reads one function's configuration out of a SAM or CloudFormation template.

It never guesses: what it needs and cannot resolve is an error that names the property, and what
it does not need it does not look at.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from motorpool.local import identity, limits
from motorpool.local.config import URI_VARIABLE, FunctionConfig
from motorpool.local.errors import InputError, TemplateError

__all__ = ["load_function"]

# What a YAML document may hold, as far as a template goes.
_Node: TypeAlias = "str | int | float | bool | list[_Node] | dict[str, _Node] | None"

_FUNCTION_TYPES: Final = frozenset({"AWS::Serverless::Function", "AWS::Lambda::Function"})
_SUBSTITUTION: Final = re.compile(r"\$\{(?P<literal>!?)(?P<name>[^}]*)\}")


def load_function(
    path: Path,
    *,
    function: str | None = None,
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> FunctionConfig:
    """Read the configuration of one function from the template at `path`.

    `function` is a logical id or a function's name, needed when the template has several.
    `parameters` override the defaults of the template's parameters. `environment` is laid over
    the function's own variables; one that it names is not resolved in the template.

    Raises `TemplateError`, in one line that names the file.
    """
    try:
        template = _Template(_parse(path), parameters or {})
        return template.function(function, environment or {})
    except InputError as error:
        raise TemplateError(f"{path}: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also reads CloudFormation's short forms (`!Ref X`)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the signature of the class above
        """Take names as they are written: `NO` and `2012` are not texts to YAML 1.1."""
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value != "<<":
                name.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep=deep)


def _short_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, object]:
    """`!Sub "…"` as `{"Fn::Sub": "…"}`: the same thing, as the documentation has it."""
    value: object
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:  # pragma: no cover - YAML has three kinds of nodes
        value = None
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)


def _parse(path: Path) -> dict[str, _Node]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TemplateError("no such template") from None
    except OSError as error:
        raise TemplateError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise TemplateError("is not a text in UTF-8") from None
    try:
        # A subclass of the safe loader; the rule knows the safe loader by name only.
        document = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise TemplateError(f"is not YAML: {error.problem}{where}") from None
    except yaml.YAMLError as error:
        raise TemplateError(f"is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict):
        raise TemplateError("is not a template: expected Resources at the top")
    return document


class _Template:
    """A parsed template with values for its parameters."""

    def __init__(self, document: dict[str, _Node], parameters: Mapping[str, str]) -> None:
        self._document = document
        self._declared = _mapping(document.get("Parameters"), "Parameters")
        self._given = parameters
        for name in parameters:
            if name not in self._declared:
                known = ", ".join(self._declared) or "none"
                raise TemplateError(f"has no parameter {name} (it has: {known})")

    def function(self, wanted: str | None, environment: Mapping[str, str]) -> FunctionConfig:
        logical_id, properties = self._choose(wanted)

        def where(name: str) -> str:
            return f"{logical_id}.{name}"

        def text(name: str, default: str | None = None) -> str:
            value = self._resolve(properties.get(name), where(name))
            if value is None and default is None:
                raise TemplateError(f"{where(name)} is missing")
            return default if value is None and default is not None else str(value)

        def whole(name: str, default: int) -> int:
            value = text(name, str(default))
            try:
                return int(value)
            except ValueError:
                raise TemplateError(
                    f"{where(name)} must be a whole number, not {value!r}"
                ) from None

        return FunctionConfig(
            name=text("FunctionName", logical_id),
            handler=text("Handler"),
            memory_mb=whole("MemorySize", limits.DEFAULT_MEMORY_MB),
            timeout_s=whole("Timeout", limits.DEFAULT_TIMEOUT_S),
            reserved_concurrency=whole(
                "ReservedConcurrentExecutions", limits.UNRESERVED_CONCURRENCY
            ),
            environment=self._variables(properties, where("Environment.Variables"), environment),
            runtime=text("Runtime", FunctionConfig.runtime),
        )

    def _variables(
        self, properties: dict[str, _Node], where: str, overrides: Mapping[str, str]
    ) -> dict[str, str]:
        section = _mapping(properties.get("Environment"), where.removesuffix(".Variables"))
        variables: dict[str, str] = {}
        for name, node in _mapping(section.get("Variables"), where).items():
            if name in overrides:
                continue
            value = self._resolve(node, f"{where}.{name}", variable=name)
            if value is not None:
                variables[name] = value
        return variables | dict(overrides)

    def _choose(self, wanted: str | None) -> tuple[str, dict[str, _Node]]:
        """The function meant, with what `Globals` says of every function put under its own."""
        shared = _mapping(
            _mapping(self._document.get("Globals"), "Globals").get("Function"), "Globals.Function"
        )
        functions: dict[str, dict[str, _Node]] = {}
        for logical_id, node in _mapping(self._document.get("Resources"), "Resources").items():
            resource = _mapping(node, logical_id)
            if resource.get("Type") in _FUNCTION_TYPES:
                own = _mapping(resource.get("Properties"), f"{logical_id}.Properties")
                # Globals are a SAM thing, and a plain CloudFormation function never sees them.
                is_sam = resource.get("Type") == "AWS::Serverless::Function"
                functions[logical_id] = _merged(shared, own) if is_sam else own
        if not functions:
            raise TemplateError("has no function among its Resources")
        if wanted is None:
            if len(functions) > 1:
                raise TemplateError(
                    f"has several functions, choose one with --function: {', '.join(functions)}"
                )
            return next(iter(functions.items()))
        if wanted in functions:
            return wanted, functions[wanted]
        for logical_id, properties in functions.items():
            if self._name(properties) == wanted:
                return logical_id, properties
        raise TemplateError(f"has no function {wanted} (it has: {', '.join(functions)})")

    def _name(self, properties: dict[str, _Node]) -> str | None:
        try:
            return self._resolve(properties.get("FunctionName"), "FunctionName")
        except TemplateError:
            return None  # not the one looked for, as far as can be seen

    def _resolve(self, node: _Node, where: str, *, variable: str | None = None) -> str | None:
        """A property's value as CloudFormation would hand it on; None where there is none."""
        if isinstance(node, bool):
            return "true" if node else "false"
        if node is None or isinstance(node, str):
            return node
        if isinstance(node, int | float):
            return str(node)
        if isinstance(node, dict) and len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Ref" and isinstance(argument, str):
                return self._reference(argument, where, variable)
            if function == "Fn::Sub":
                return self._substitute(argument, where, variable)
            raise _unresolved(where, f"{function} is not understood here", variable)
        raise _unresolved(where, "expected one value", variable)

    def _substitute(self, argument: _Node, where: str, variable: str | None) -> str:
        extra: dict[str, _Node] = {}
        if isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004 - text and map
            argument, names = argument
            extra = _mapping(names, where)
        if not isinstance(argument, str):
            raise _unresolved(where, "Fn::Sub takes a text, or a text and a map", variable)

        def replace(match: re.Match[str]) -> str:
            name = match["name"].strip()
            if match["literal"]:
                return f"${{{name}}}"
            if name in extra:
                return self._resolve(extra[name], where, variable=variable) or ""
            return self._reference(name, where, variable) or ""

        return _SUBSTITUTION.sub(replace, argument)

    def _reference(self, name: str, where: str, variable: str | None) -> str | None:
        if name == "AWS::NoValue":
            return None
        pseudo = {
            "AWS::AccountId": identity.ACCOUNT_ID,
            "AWS::Partition": "aws",
            "AWS::Region": identity.region(),
            "AWS::StackName": "motorpool-local",
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        if name not in self._declared:
            raise _unresolved(where, f"{name} is not a parameter of this template", variable)
        if name in self._given:
            return self._given[name]
        declaration = _mapping(self._declared[name], f"Parameters.{name}")
        # The default of an SSM parameter is the name of a value that only AWS has.
        is_remote = str(declaration.get("Type")).startswith("AWS::SSM::")
        if "Default" not in declaration or is_remote:
            hint = f"give it with --parameter {name}=VALUE"
            if variable == URI_VARIABLE:
                hint += " or --mongodb-uri URI"
            elif variable is not None:
                hint += f" or --env {variable}=VALUE"
            raise TemplateError(f"parameter {name} (for {where}) has no default: {hint}")
        return self._resolve(declaration["Default"], f"Parameters.{name}.Default")


def _unresolved(where: str, why: str, variable: str | None = None) -> TemplateError:
    hint = f"; give it with --env {variable}=VALUE" if variable else ""
    return TemplateError(f"{where} cannot be resolved: {why}{hint}")


def _mapping(node: _Node, where: str) -> dict[str, _Node]:
    """`node` as a section of the template; an absent one is an empty one."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise TemplateError(f"{where} must be a mapping")
    return {str(name): value for name, value in node.items()}


def _merged(shared: dict[str, _Node], own: dict[str, _Node]) -> dict[str, _Node]:
    """Globals under a resource's own properties: maps are merged, anything else is replaced.

    SAM documentation, "Globals section of the AWS SAM template", "Overrideable properties".
    """
    merged = dict(shared)
    for name, value in own.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merged(below, value)
        else:
            merged[name] = value
    return merged
