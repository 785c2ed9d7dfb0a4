using Llm42.Core.Requests;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Makes a failing schedule smaller while it fails: fewer requests, shorter ones, plainer ones.</summary>
internal static class ScheduleShrinker
{
    private const int MostRuns = 300;

    /// <summary>The smallest failing schedule that was found, and how it fails.</summary>
    public static (Schedule Schedule, string Failure) Shrink(Schedule schedule, string failure, Func<Schedule, string?> run)
    {
        int runs = 0;
        bool isSmaller = true;
        while (isSmaller)
        {
            isSmaller = false;
            foreach (Schedule candidate in Smaller(schedule))
            {
                if (runs++ == MostRuns)
                    return (schedule, failure);
                if (run(candidate) is not { } found)
                    continue;
                (schedule, failure, isSmaller) = (candidate, found, true);
                break;
            }
        }

        return (schedule, failure);
    }

    private static IEnumerable<Schedule> Smaller(Schedule schedule)
    {
        for (int i = schedule.Arrivals.Count - 1; i >= 0 && schedule.Arrivals.Count > 1; i--)
            yield return schedule with { Arrivals = [.. schedule.Arrivals.Where((_, index) => index != i)] };
        if (schedule.FlippedPlaces.Count > 0)
            yield return schedule with { FlippedPlaces = [] };
        for (int i = 0; i < schedule.Arrivals.Count; i++)
        {
            foreach (Arrival smaller in Smaller(schedule.Arrivals[i]))
                yield return schedule with { Arrivals = [.. schedule.Arrivals.Select((arrival, index) => index == i ? smaller : arrival)] };
        }
    }

    private static IEnumerable<Arrival> Smaller(Arrival arrival)
    {
        GenerationRequest request = arrival.Request;
        if (arrival.CancelAfter is not null)
            yield return arrival with { CancelAfter = null };
        if (request.MaxTokens > 1)
        {
            yield return arrival with { Request = request with { MaxTokens = request.MaxTokens / 2 } };
            yield return arrival with { Request = request with { MaxTokens = request.MaxTokens - 1 } };
        }

        if (request.PromptIds.Count > 1)
        {
            yield return arrival with { Request = request with { PromptIds = [.. request.PromptIds.Take(request.PromptIds.Count / 2)] } };
            yield return arrival with { Request = request with { PromptIds = [.. request.PromptIds.SkipLast(1)] } };
        }

        if (request.TopLogprobs > 0 || request.ScorePrompt || request.StopTokenIds.Count > 0 || request.TextStop is not null)
        {
            yield return arrival with
            {
                Request = request with
                {
                    TopLogprobs = 0, ScorePrompt = false, StopTokenIds = new HashSet<int>(), TextStop = null,
                },
            };
        }
    }
}
