using Llm42.Server.Operation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Llm42.Server.Page;

/// <summary>The web page at /, its files under /page/, and what it asks for beside the API.</summary>
internal static class PageEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps them. The files hold no secret and need no key; what they ask for does.</summary>
    public static void Map(IEndpointRouteBuilder routes, ServedModel model, ServerState state, ApiKeys keys)
    {
        foreach (var file in PageFile.ReadAll())
            routes.MapMethods(file.Route, Methods, file.Serve);
        routes.MapGet("/page/settings", (HttpContext context) =>
        {
            keys.Check(context);
            return TypedResults.Json(PageSettings.Of(model), ServerJson.Default.PageSettings);
        });
        var start = model.Clock.GetTimestamp();
        routes.MapGet("/page/live", (HttpContext context) =>
        {
            // As /metrics: looking on does not count as a request of the key.
            keys.Check(context);
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Json(
                LiveFigures.Of(model, state, model.Clock.GetElapsedTime(start)), ServerJson.Default.LiveFigures);
        }).WithMetadata(new PolledRoute());
    }
}
