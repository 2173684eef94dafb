"""ECR, ECS, load balancers and their scaling, which community LocalStack does not have; moto serves their APIs."""

from typing import Any

from mtd_localstack.cloudformation.api_calls import call
from mtd_localstack.cloudformation.mail_and_monitoring_resources import Model, PutProvider, plugin, schema


class RepositoryProvider(PutProvider):
    """AWS::ECR::Repository; LocalStack's own only pretends."""

    TYPE = "AWS::ECR::Repository"
    SCHEMA = schema(TYPE, "RepositoryName", "Arn", "RepositoryUri")

    def put(self, clients: Any, model: Model) -> None:
        """Create the repository with its lifecycle policy."""
        repository = call(clients.ecr, "create_repository", model, elsewhere=("LifecyclePolicy",))["repository"]
        if policy := model.get("LifecyclePolicy"):
            clients.ecr.put_lifecycle_policy(
                repositoryName=model["RepositoryName"], lifecyclePolicyText=policy["LifecyclePolicyText"]
            )
        model |= {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the repository."""
        clients.ecr.delete_repository(repositoryName=model["RepositoryName"], force=True)


class ClusterProvider(PutProvider):
    """AWS::ECS::Cluster."""

    TYPE = "AWS::ECS::Cluster"
    SCHEMA = schema(TYPE, "ClusterName", "Arn")

    def put(self, clients: Any, model: Model) -> None:
        """Create the cluster."""
        wanted = {**model, "Settings": model.get("ClusterSettings", [])}
        created = call(clients.ecs, "create_cluster", wanted, elsewhere=("ClusterSettings",))
        model["Arn"] = created["cluster"]["clusterArn"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the cluster."""
        clients.ecs.delete_cluster(cluster=model["ClusterName"])


class TaskDefinitionProvider(PutProvider):
    """AWS::ECS::TaskDefinition."""

    TYPE = "AWS::ECS::TaskDefinition"
    SCHEMA = schema(TYPE, "TaskDefinitionArn", "Family", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Register a revision."""
        wanted = {name: value for name, value in model.items() if name != "TaskDefinitionArn"}
        registered = call(clients.ecs, "register_task_definition", wanted)
        model["TaskDefinitionArn"] = registered["taskDefinition"]["taskDefinitionArn"]

    def remove(self, clients: Any, model: Model) -> None:
        """Deregister the revision."""
        clients.ecs.deregister_task_definition(taskDefinition=model["TaskDefinitionArn"])


class ServiceProvider(PutProvider):
    """AWS::ECS::Service; none of its tasks run."""

    TYPE = "AWS::ECS::Service"
    SCHEMA = schema(TYPE, "ServiceArn", "Name", "Cluster", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the service."""
        service = call(clients.ecs, "create_service", model)["service"]
        model |= {"ServiceArn": service["serviceArn"], "Name": service["serviceName"]}

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the service."""
        clients.ecs.delete_service(cluster=model["Cluster"], service=model["Name"], force=True)


class LoadBalancerProvider(PutProvider):
    """AWS::ElasticLoadBalancingV2::LoadBalancer."""

    TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    SCHEMA = schema(TYPE, "LoadBalancerArn", "DNSName", "CanonicalHostedZoneID", "LoadBalancerFullName", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the balancer and set its attributes."""
        client = clients.elbv2
        balancer = call(client, "create_load_balancer", model, elsewhere=("LoadBalancerAttributes",))["LoadBalancers"][
            0
        ]
        arn = balancer["LoadBalancerArn"]
        client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=model.get("LoadBalancerAttributes", []))
        model |= {
            "LoadBalancerArn": arn,
            "DNSName": balancer["DNSName"],
            "CanonicalHostedZoneID": balancer["CanonicalHostedZoneId"],
            "LoadBalancerFullName": arn.partition("loadbalancer/")[2],
        }

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the balancer; one with deletion protection stays, as on AWS."""
        clients.elbv2.delete_load_balancer(LoadBalancerArn=model["LoadBalancerArn"])


class TargetGroupProvider(PutProvider):
    """AWS::ElasticLoadBalancingV2::TargetGroup."""

    TYPE = "AWS::ElasticLoadBalancingV2::TargetGroup"
    SCHEMA = schema(TYPE, "TargetGroupArn", "TargetGroupFullName", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the group and set its attributes."""
        client = clients.elbv2
        group = call(client, "create_target_group", model, elsewhere=("TargetGroupAttributes",))["TargetGroups"][0]
        arn = group["TargetGroupArn"]
        client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=model.get("TargetGroupAttributes", []))
        model |= {"TargetGroupArn": arn, "TargetGroupFullName": arn.rpartition(":")[2]}

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the group."""
        clients.elbv2.delete_target_group(TargetGroupArn=model["TargetGroupArn"])


class ListenerProvider(PutProvider):
    """AWS::ElasticLoadBalancingV2::Listener."""

    TYPE = "AWS::ElasticLoadBalancingV2::Listener"
    SCHEMA = schema(TYPE, "ListenerArn", "LoadBalancerArn", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the listener; the certificate must be there."""
        model["ListenerArn"] = call(clients.elbv2, "create_listener", model)["Listeners"][0]["ListenerArn"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the listener."""
        clients.elbv2.delete_listener(ListenerArn=model["ListenerArn"])


class ScalableTargetProvider(PutProvider):
    """AWS::ApplicationAutoScaling::ScalableTarget; its id is resource, dimension and namespace."""

    TYPE = "AWS::ApplicationAutoScaling::ScalableTarget"
    SCHEMA = schema(TYPE, "Id", "ResourceId", "ScalableDimension", "ServiceNamespace", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Register the target; the service must be there."""
        call(clients.application_autoscaling, "register_scalable_target", model)
        model["Id"] = f"{model['ResourceId']}|{model['ScalableDimension']}|{model['ServiceNamespace']}"

    def remove(self, clients: Any, model: Model) -> None:
        """Deregister the target."""
        names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
        clients.application_autoscaling.deregister_scalable_target(**{name: model[name] for name in names})


class ScalingPolicyProvider(PutProvider):
    """AWS::ApplicationAutoScaling::ScalingPolicy."""

    TYPE = "AWS::ApplicationAutoScaling::ScalingPolicy"
    SCHEMA = schema(TYPE, "Arn", "PolicyName", "ScalingTargetId", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Put the policy on its target."""
        wanted = {**model, **_target(model)}
        policy = call(clients.application_autoscaling, "put_scaling_policy", wanted, elsewhere=("ScalingTargetId",))
        model["Arn"] = policy["PolicyARN"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the policy."""
        clients.application_autoscaling.delete_scaling_policy(PolicyName=model["PolicyName"], **_target(model))


def _target(model: Model) -> dict[str, str]:
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return dict(zip(names, model["ScalingTargetId"].split("|"), strict=True))


ClusterPlugin = plugin(ClusterProvider)
TaskDefinitionPlugin = plugin(TaskDefinitionProvider)
ServicePlugin = plugin(ServiceProvider)
LoadBalancerPlugin = plugin(LoadBalancerProvider)
TargetGroupPlugin = plugin(TargetGroupProvider)
ListenerPlugin = plugin(ListenerProvider)
ScalableTargetPlugin = plugin(ScalableTargetProvider)
ScalingPolicyPlugin = plugin(ScalingPolicyProvider)
