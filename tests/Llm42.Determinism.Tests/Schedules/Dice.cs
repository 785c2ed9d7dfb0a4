namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Chance that is a function of its arguments, so that leaving one request out does not change the others' luck.</summary>
internal static class Dice
{
    /// <summary>0 or more.</summary>
    public static int Roll(params ReadOnlySpan<int> values)
    {
        uint hash = 2166136261;
        foreach (int value in values)
        {
            hash = (hash ^ (uint)value) * 0x9E3779B1;
            hash ^= hash >> 15;
        }

        return (int)(hash & int.MaxValue);
    }
}
