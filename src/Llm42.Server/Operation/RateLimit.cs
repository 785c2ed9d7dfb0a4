using System.Collections.Concurrent;
using System.Globalization;
using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Operation;

/// <summary>
/// How many requests each key may make in a minute. Each may make all of them at once; they come back evenly, one every
/// 60 s / limit. Without keys all clients are one.
/// </summary>
internal sealed class RateLimit(int requestsPerMinute, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, Allowance> _allowances = new();

    /// <summary>Counts a request of a key and tells its client what is left, in the headers of OpenAI's API.</summary>
    /// <exception cref="ApiException">It is one too many.</exception>
    public void Check(int key, HttpContext context)
    {
        if (requestsPerMinute == 0)
            return;
        var left = _allowances.GetOrAdd(key, _ => new Allowance()).Take(requestsPerMinute, clock.GetUtcNow());
        var headers = context.Response.Headers;
        headers["x-ratelimit-limit-requests"] = requestsPerMinute.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining-requests"] = left.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset-requests"] = string.Create(CultureInfo.InvariantCulture, $"{left.Reset.TotalSeconds:0.###}s");
        if (left.Wait is { } wait)
            throw new ApiException(
                StatusCodes.Status429TooManyRequests,
                "rate_limit_error",
                $"This key may make {requestsPerMinute} requests in a minute; the next one in {wait.TotalSeconds:0.###} s.",
                code: "rate_limit_exceeded")
            {
                RetryAfter = wait,
            };
    }

    /// <summary>What a key has left.</summary>
    /// <param name="Remaining">Requests that it may make now.</param>
    /// <param name="Reset">Until it may make all of them.</param>
    /// <param name="Wait">Until it may make the next one; null if this one was allowed.</param>
    private readonly record struct Left(int Remaining, TimeSpan Reset, TimeSpan? Wait);

    /// <summary>One key's: the time at which all of its requests will have come back.</summary>
    private sealed class Allowance
    {
        private readonly Lock _lock = new();
        private DateTimeOffset _full;

        public Left Take(int limit, DateTimeOffset now)
        {
            // Rounded down, so that all of them fit into the window.
            var each = TimeSpan.FromTicks(Window.Ticks / limit);
            lock (_lock)
            {
                var owed = _full > now ? _full - now : TimeSpan.Zero;
                TimeSpan? wait = null;
                if (owed + each > Window)
                    wait = owed + each - Window;
                else
                    owed += each;
                _full = now + owed;
                return new Left((int)((Window - owed).Ticks / each.Ticks), owed, wait);
            }
        }
    }
}
