using Llm42.Core.Requests;
using Llm42.Core.Sampling;

namespace Llm42.Core.Tests;

/// <summary>The fault that the schedules must be able to see: drafts that were dropped stay counted.</summary>
internal sealed class LeakySampling
{
    private readonly Dictionary<Sequence, Memory> _memories = [];

    public void Adjust(Sequence sequence, int position, List<LogitAdjustment> adjustments)
    {
        if (!_memories.TryGetValue(sequence, out Memory? memory))
            _memories[sequence] = memory = new Memory();
        memory.Update(sequence);
        SamplingState? state = SamplingState.Of(sequence.Request);
        foreach (int token in sequence.Tokens.Skip(sequence.PromptLength))
            state?.Commit(token);
        IEnumerable<int> before = sequence.Drafts.Take(position - sequence.Tokens.Count);
        state?.AppendAdjustments([.. memory.Dropped, .. before], adjustments);
    }

    private sealed class Memory
    {
        private (int Position, int Token)[] _drafts = [];

        public List<int> Dropped { get; } = [];

        public void Update(Sequence sequence)
        {
            int known = sequence.Tokens.Count + sequence.Drafts.Count;
            foreach ((int position, int token) in _drafts)
            {
                if (position >= known || sequence.TokenAt(position) != token)
                    Dropped.Add(token);
            }

            _drafts = [.. sequence.Drafts.Select((token, i) => (sequence.Tokens.Count + i, token))];
        }
    }
}
