"""Makes LocalStack's deployments faster: most of their time went into repeated work.

Each function replaces a name in LocalStack (see replacements.py) that a profile of `make up` showed as slow.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import hooks as botocore_hooks
from botocore import loaders as botocore_loaders
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc
from localstack.services.cloudformation.models import get_cloudformation_store
from localstack.services.cloudformation.resource_provider import OperationStatus, ResourceProviderExecutor
from localstack.services.cloudformation.resource_providers.aws_cloudformation_stack import CloudFormationStackProvider
from localstack.services.cloudformation.v2.provider import find_stack_v2
from localstack.services.iam.provider import IamProvider
from samtranslator.translator import translator
from werkzeug.routing import Rule

# The type hints of these modules do not cover the replaced names.
hooks: Any = botocore_hooks
JSONFileLoader: Any = botocore_loaders.JSONFileLoader

_LOOK_SECONDS = 0.01
_LOOKS = 100


def look_often_at_resources() -> None:
    """Ask a CloudFormation resource under way every 50 ms whether it is done, instead of every second."""
    loop = ResourceProviderExecutor.deploy_loop

    def looping(self: Any, provider: Any, resource: Any, payload: Any, **_: Any) -> Any:
        return loop(self, provider, resource, payload, sleep_time=0.05)

    ResourceProviderExecutor.deploy_loop = looping


def await_nested_stacks() -> None:
    """See in its store when a nested stack is done, for up to a second: a DescribeStacks took as long as a resource."""
    create = CloudFormationStackProvider.create

    def creating(self: Any, request: Any) -> Any:
        event = create(self, request)
        if event.status is OperationStatus.IN_PROGRESS:
            store = get_cloudformation_store(request.account_id, request.region_name)
            stack = find_stack_v2(store, event.resource_model["Id"])
            for _ in range(_LOOKS):
                if stack is None or not stack.status.endswith("_IN_PROGRESS"):
                    break
                time.sleep(_LOOK_SECONDS)
        return event

    CloudFormationStackProvider.create = creating


def read_descriptions_once() -> None:
    """Share the files of botocore between all sessions. LocalStack makes a session for nearly every service, and each
    read the megabyte of regions and endpoints again."""
    load = JSONFileLoader.load_file

    @functools.cache
    def read(file_path: str) -> Any:
        return load(JSONFileLoader(), file_path)

    JSONFileLoader.load_file = lambda _, file_path: read(file_path)


def name_events_once() -> None:
    """Keep how botocore names an event, and see in a handler's code what it takes: each of LocalStack's sessions and
    clients registers two hundred handlers, and asked both for every one."""
    alias, accepts = hooks.EventAliaser._alias_event_name, hooks.accepts_kwargs
    names: dict[str, str] = {}

    def aliasing(self: Any, event_name: str) -> str:
        if event_name not in names:
            names[event_name] = alias(self, event_name)
        return names[event_name]

    def accepting(handler: Any) -> Any:
        code = getattr(handler, "__code__", None)
        return accepts(handler) if code is None else code.co_flags & inspect.CO_VARKEYWORDS

    hooks.EventAliaser._alias_event_name = aliasing
    hooks.accepts_kwargs = accepting


def hand_over_resolved_values() -> None:
    """Do not copy the values that a pass over a template has resolved: nothing changes them, and the copy took longer
    than the pass."""

    def saving(self: Any) -> None:
        name, model = type(self).__name__, self._change_set.update_model
        model.before_runtime_cache[name] = dict(self._before_cache)
        model.after_runtime_cache[name] = dict(self._after_cache)

    ChangeSetModelPreproc._save_runtime_cache = saving


class _Late(Mapping[str, Any]):
    """A mapping that is read on first use."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._known = functools.cache(read)

    def __getitem__(self, key: str) -> Any:
        return self._known()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())


def read_managed_policies_late() -> None:
    """Read AWS's thousand managed policies on first use."""
    build = IamProvider._build_aws_managed_policy_cache
    IamProvider._build_aws_managed_policy_cache = lambda self: _Late(lambda: build(self))


def build_no_addresses() -> None:
    """Compile what makes an address of a route when one is made, which LocalStack never does: the router compiles all
    its routes anew for each that is added, and most of that went into it."""
    compile_builder = Rule._compile_builder

    def later(self: Any, append_unknown: bool = True) -> Any:
        def building(rule: Any, **values: Any) -> Any:
            return compile_builder(self, append_unknown)(rule, **values)

        return building

    Rule._compile_builder = later


def keep_policy_templates() -> None:
    """Validate SAM's policy templates once, not for every nested stack."""
    translator.make_policy_template_for_function_plugin = functools.cache(
        translator.make_policy_template_for_function_plugin
    )
