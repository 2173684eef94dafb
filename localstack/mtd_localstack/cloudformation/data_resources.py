"""RDS, AWS Backup and Budgets, which community LocalStack does not have; moto_services.py serves their APIs."""

from typing import Any

from mtd_localstack.cloudformation.api_calls import call
from mtd_localstack.cloudformation.mail_and_monitoring_resources import Model, PutProvider, plugin, schema


class SubnetGroupProvider(PutProvider):
    """AWS::RDS::DBSubnetGroup."""

    TYPE = "AWS::RDS::DBSubnetGroup"
    SCHEMA = schema(TYPE, "DBSubnetGroupName")

    def put(self, clients: Any, model: Model) -> None:
        """Create the group."""
        call(clients.rds, "create_db_subnet_group", model)

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the group."""
        clients.rds.delete_db_subnet_group(DBSubnetGroupName=model["DBSubnetGroupName"])


class ParameterGroupProvider(PutProvider):
    """AWS::RDS::DBParameterGroup."""

    TYPE = "AWS::RDS::DBParameterGroup"
    SCHEMA = schema(TYPE, "DBParameterGroupName")

    def put(self, clients: Any, model: Model) -> None:
        """Create the group and set its parameters."""
        wanted = {**model, "DBParameterGroupFamily": model["Family"]}
        call(clients.rds, "create_db_parameter_group", wanted, elsewhere=("Family", "Parameters"))
        parameters = [
            {"ParameterName": name, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
            for name, value in model.get("Parameters", {}).items()
        ]
        clients.rds.modify_db_parameter_group(DBParameterGroupName=model["DBParameterGroupName"], Parameters=parameters)

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the group."""
        clients.rds.delete_db_parameter_group(DBParameterGroupName=model["DBParameterGroupName"])


class InstanceProvider(PutProvider):
    """AWS::RDS::DBInstance; no server runs behind it."""

    TYPE = "AWS::RDS::DBInstance"
    SCHEMA = schema(TYPE, "DBInstanceIdentifier", "Endpoint", "DBInstanceArn", "MasterUserSecret")

    def put(self, clients: Any, model: Model) -> None:
        """Create the instance, and with it the administrator's secret."""
        wanted = {**model, "VpcSecurityGroupIds": model.get("VPCSecurityGroups", [])}
        if "MasterUserSecret" in model:
            wanted["MasterUserSecretKmsKeyId"] = model["MasterUserSecret"]["KmsKeyId"]
        made = call(clients.rds, "create_db_instance", wanted, elsewhere=("VPCSecurityGroups", "MasterUserSecret"))
        instance = made["DBInstance"]
        endpoint = instance["Endpoint"]
        model["DBInstanceArn"] = instance["DBInstanceArn"]
        model["Endpoint"] = {"Address": endpoint["Address"], "Port": str(endpoint["Port"])}
        if "MasterUserSecret" in instance:
            model["MasterUserSecret"] = instance["MasterUserSecret"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the instance; one with deletion protection stays, as on AWS."""
        clients.rds.delete_db_instance(DBInstanceIdentifier=model["DBInstanceIdentifier"], SkipFinalSnapshot=True)


class VaultProvider(PutProvider):
    """AWS::Backup::BackupVault; moto's vaults have no lock."""

    TYPE = "AWS::Backup::BackupVault"
    SCHEMA = schema(TYPE, "BackupVaultName", "BackupVaultArn")

    def put(self, clients: Any, model: Model) -> None:
        """Create the vault."""
        vault = call(clients.backup, "create_backup_vault", model, elsewhere=("LockConfiguration",))
        model["BackupVaultArn"] = vault["BackupVaultArn"]

    def remove(self, clients: Any, model: Model) -> None:
        """Vaults cannot be deleted at moto: it stays, as a retained one does."""


class PlanProvider(PutProvider):
    """AWS::Backup::BackupPlan."""

    TYPE = "AWS::Backup::BackupPlan"
    SCHEMA = schema(TYPE, "BackupPlanId", "BackupPlan", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the plan; CloudFormation calls its rules and their vaults by other names than the API."""
        plan = {name: value for name, value in model["BackupPlan"].items() if name != "BackupPlanRule"}
        plan["Rules"] = [
            {"TargetBackupVaultName" if name == "TargetBackupVault" else name: value for name, value in rule.items()}
            for rule in model["BackupPlan"]["BackupPlanRule"]
        ]
        model["BackupPlanId"] = call(clients.backup, "create_backup_plan", {"BackupPlan": plan})["BackupPlanId"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the plan."""
        clients.backup.delete_backup_plan(BackupPlanId=model["BackupPlanId"])


class BudgetProvider(PutProvider):
    """AWS::Budgets::Budget."""

    TYPE = "AWS::Budgets::Budget"
    SCHEMA = schema(TYPE, "Id", "Budget", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the budget with its notifications."""
        account = clients.sts.get_caller_identity()["Account"]
        call(clients.budgets, "create_budget", {"AccountId": account, **model})
        model["Id"] = model["Budget"]["BudgetName"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the budget."""
        account = clients.sts.get_caller_identity()["Account"]
        clients.budgets.delete_budget(AccountId=account, BudgetName=model["Id"])


SubnetGroupPlugin = plugin(SubnetGroupProvider)
ParameterGroupPlugin = plugin(ParameterGroupProvider)
InstancePlugin = plugin(InstanceProvider)
VaultPlugin = plugin(VaultProvider)
PlanPlugin = plugin(PlanProvider)
BudgetPlugin = plugin(BudgetProvider)
