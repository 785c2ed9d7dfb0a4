using Llm42.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Llm42.Server.Operation;

/// <summary>Lets web pages of some origins call; without any, browsers keep all other pages out.</summary>
internal static class CrossOrigin
{
    public static void AddTo(IServiceCollection services, ServerOptions options)
    {
        if (options.AllowedOrigins.Count > 0)
            services.AddCors();
    }

    public static void Use(IApplicationBuilder app, ServerOptions options)
    {
        if (options.AllowedOrigins.Count > 0)
            app.UseCors(policy => policy
                .WithOrigins([.. options.AllowedOrigins])
                .WithMethods("GET", "POST")
                .AllowAnyHeader()
                .WithExposedHeaders(
                    RequestId.Header, "retry-after",
                    "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"));
    }
}
