using Llm42.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Llm42.Server.OpenAi;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal static class ModelsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, ServedModel model)
    {
        routes.MapGet("/v1/models", () => TypedResults.Json(new ModelList([ModelCard.Of(model)]), ServerJson.Default.ModelList));
        routes.MapGet("/v1/models/{**id}", (string id) =>
        {
            Require(model, id);
            return TypedResults.Json(ModelCard.Of(model), ServerJson.Default.ModelCard);
        });
    }

    /// <summary>Refuses a model that is not served.</summary>
    public static void Require(ServedModel model, string name)
    {
        if (name != model.Name)
            throw new ApiException(
                StatusCodes.Status404NotFound,
                "invalid_request_error",
                $"The model \"{name}\" does not exist here; this server has \"{model.Name}\".",
                "model",
                "model_not_found");
    }
}

/// <summary>A list of one model.</summary>
internal sealed record ModelList(IReadOnlyList<ModelCard> Data)
{
    public string Object { get; } = "list";
}

/// <summary>What a client may know of a model.</summary>
internal sealed record ModelCard(string Id, long Created, int MaxModelLen, string SystemFingerprint)
{
    public string Object { get; } = "model";

    public string OwnedBy { get; } = "llm42";

    public static ModelCard Of(ServedModel model) =>
        new(model.Name, model.Created, model.Engine.Model.MaxContext, model.SystemFingerprint);
}
