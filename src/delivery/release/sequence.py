"""The one way into an environment: change set, gate, migration, traffic, smoke, alarms; and back if it goes wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery.deployment.changes import Change, ensure_kept
from delivery.deployment.deployment import migrate
from delivery.packaging.builds import Build
from delivery.release import code, record, served, smoke, traffic
from delivery.release.preflight.asking import ensure_ready
from delivery.release.preflight.findings import Finding, Severity
from delivery.release.proposing import propose
from delivery.release.record import DeploymentRecord
from delivery.targets.target import Outputs, Proposal, Target, settle
from devenv.console.steps import Steps
from devenv.problem import Problem

ROLLED_BACK_CODE = 4
_ALARM_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One build into one environment. `show` is given the changes before the gate decides;
    `ask` is the preflight."""

    target: Target
    build: Build
    steps: Steps
    show: Callable[[Sequence[Change]], None]
    ask: Callable[[], Sequence[Finding]] = tuple
    accepted: tuple[str, ...] = ()
    despite_alarms: bool = False
    smoke_order: Path | None = None

    def review(self) -> None:
        """Shows what would change and has the gate decide; nothing is changed. Raises Problem (code 3)."""
        proposal = propose(self.target, self.build, self.steps, despite_alarms=self.despite_alarms, overwrite=False)
        try:
            self.show(proposal.changes)
            ensure_kept(proposal.changes, self.accepted)
        finally:
            self.target.discard(proposal)

    def run(self) -> str:
        """Deploys and returns a sentence about it. Raises Problem: code 3 stopped by the gate, 4 rolled back, 5 the
        account is not ready."""
        smoke.renumbered(self._order, "SMOKE")  # an order that cannot be put is reported before anything is changed
        self._ask()
        firing = self._alarms_before()
        proposal = propose(self.target, self.build, self.steps, despite_alarms=self.despite_alarms)
        try:
            self.show(proposal.changes)
            ensure_kept(proposal.changes, self.accepted)
        except Problem:
            self.target.discard(proposal)
            raise
        before, previous = traffic.serving(self.target), record.last(self.target)
        if not proposal.changes and previous is not None and previous.digest == self.build.digest:
            self.target.discard(proposal)
            self._verify(proposal)
            return f"nothing to deploy: build {self.build.digest[:12]} serves {self.target.environment} already"
        if proposal.kind == "UPDATE":
            with self.steps.step("Database migrated by the new code"):
                code.migrate_ahead(self.target, self.build, self.target.stack.outputs())
        outputs = self._execute(proposal)
        try:
            self._verify(proposal)
            self._try(outputs, firing)
        except Problem as problem:
            outcome = self._back(proposal, before, previous)
            raise Problem(f"{problem.sentence} {outcome}", fix=problem.fix, code=ROLLED_BACK_CODE) from problem
        record.keep(
            self.target,
            self.build,
            template=proposal.template,
            parameters=proposal.parameters,
            versions=traffic.serving(self.target),
        )
        return f"build {self.build.digest[:12]} serves {self.target.environment}"

    def _ask(self) -> None:
        """Raises Problem (code 5) when the account is not ready for any deployment."""
        with self.steps.step("Account checked") as step:
            found = self.ask()
            ensure_ready(found)
            open_points = [finding.asked for finding in found if finding.severity is not Severity.OK]
            step.note = f"{len(found)} answers; 'mtd preflight' on {', '.join(open_points)}" if open_points else "ready"

    def _alarms_before(self) -> list[str]:
        firing = traffic.firing_alarms(self.target)
        if firing and not self.despite_alarms:
            raise Problem(
                f"Before anything was changed, alarms are on: {', '.join(firing)}.",
                fix="See docs/operations.md. If this build mends it: DESPITE_ALARMS=1; other alarms roll it back.",
            )
        return firing

    def _execute(self, proposal: Proposal) -> Outputs:
        stack = self.target.stack
        if proposal.kind == "UPDATE" and proposal.only_code:
            self.target.discard(proposal)
            with self.steps.step("Versions published, traffic moved") as step:
                versions = code.publish_versions(self.target, self.build, proposal.parameters.get("Release", ""))
                traffic.shift(self.target, versions)
                step.note = f"{len(versions)} functions, all at once"
            return stack.outputs()
        if proposal.kind == "UPDATE" or proposal.name is None:
            return self.target.update(proposal, self.steps, self._migrate)
        with self.steps.step("Stack deployed, traffic moved"):
            outputs = stack.execute(proposal.name, kind=proposal.kind)
        with self.steps.step("Database migrated"):
            self._migrate(outputs)
        settle(self.target, proposal, self.steps)
        self.target.protect()
        return outputs

    def _migrate(self, outputs: dict[str, str]) -> None:
        processes = {name: path.read_text("utf-8") for name, path in self.build.named("processes").items()}
        migrate(self.target.clients, self.target.environment, processes, outputs)

    def _verify(self, proposal: Proposal) -> None:
        """Raises Problem unless every alias serves this build, layer included, with these parameters."""
        with self.steps.step("Aliases serve this build") as step:
            expected = served.expected_of(self.build, proposal.parameters.get("Release", ""))
            strange = list(served.differences(self.target, expected))
            if strange:
                raise Problem(
                    f"Not all of build {self.build.digest[:12]} serves: {'; '.join(strange)}.",
                    fix="CloudFormation's and CodeDeploy's events say why; docs/adr/0030 how versions come to be.",
                )
            step.note = f"{len(expected.functions)} functions, code and layer"

    def _try(self, outputs: dict[str, str], before: list[str]) -> None:
        with self.steps.step("Smoke: XML in, row and mail out") as step:
            step.note = smoke.try_one(
                self.target,
                outputs["InboxBucket"],
                self._order,
                lambda: self._ensure_no_new(before, traffic.firing_alarms(self.target)),
            )
        with self.steps.step("Alarms watched", total=int(self.target.bake_seconds)) as step:
            self._ensure_no_new(before, traffic.bake(self.target, lambda passed: step.done(int(passed)), but=before))
            step.note = "no alarm"

    def _ensure_no_new(self, before: Sequence[str], firing: Sequence[str]) -> None:
        """Raises Problem for an alarm that was not on before."""
        alarms = [name for name in firing if name not in before]
        if alarms:
            raise Problem(
                f"Alarms went off while build {self.build.digest[:12]} served: {', '.join(alarms)}.",
                fix="docs/operations.md has a section for each; the functions' logs say why.",
            )

    def _back(self, proposal: Proposal, before: Mapping[str, str], previous: DeploymentRecord | None) -> str:
        """Go back: traffic first, within a second, then the stack, so that both agree. Returns the outcome."""
        if proposal.kind == "CREATE":
            return "It is the first deployment: there is nothing to go back to, it stays."
        with self.steps.step("Traffic moved back") as step:
            moved = traffic.back(self.target, before)
            step.note = f"{len(moved)} functions"
        if proposal.only_code:
            return "Rolled back."
        if previous is None:
            return "Traffic is back; the stack is not, for no deployment before is recorded."
        try:
            with self.steps.step("Stack put back") as step:
                self._restore(previous)
                step.note = f"build {previous.digest[:12]}"
        except Problem as problem:
            return f"Traffic is back; the stack is not: {problem.sentence}"
        return "Rolled back."

    def _restore(self, previous: DeploymentRecord) -> None:
        self.target.restore(
            previous.template,
            previous.parameters,
            wait_until_ok=lambda: traffic.wait_until_ok(self.target, _ALARM_SECONDS),
            migrate=self._migrate,
        )

    @property
    def _order(self) -> Path:
        return self.smoke_order or self.build.named("smoke")["CL-2026-000001"]
