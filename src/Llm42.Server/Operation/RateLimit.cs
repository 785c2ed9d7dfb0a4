using System.Threading.RateLimiting;
using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Operation;

/// <summary>How many requests each key may make in a minute.</summary>
internal sealed class RateLimit : IDisposable
{
    private readonly PartitionedRateLimiter<int>? _limiter;

    public RateLimit(int requestsPerMinute)
    {
        if (requestsPerMinute == 0)
            return;
        _limiter = PartitionedRateLimiter.Create<int, int>(key => RateLimitPartition.GetSlidingWindowLimiter(
            key,
            _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = requestsPerMinute,
                Window = TimeSpan.FromMinutes(1),
                SegmentsPerWindow = 6,
                QueueLimit = 0,
            }));
    }

    /// <summary>Counts a request of a key.</summary>
    /// <exception cref="ApiException">It is one too many.</exception>
    public void Check(int key)
    {
        if (_limiter is null)
            return;
        using var lease = _limiter.AttemptAcquire(key);
        if (!lease.IsAcquired)
            throw new ApiException(
                StatusCodes.Status429TooManyRequests,
                "rate_limit_error",
                "This key has made as many requests as it may in a minute.",
                code: "rate_limit_exceeded");
    }

    public void Dispose() => _limiter?.Dispose();
}
