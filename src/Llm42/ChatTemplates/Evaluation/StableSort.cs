using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Python's sorted(): elements whose keys are equal keep their order, in reverse too. Only &lt; is asked of keys.</summary>
internal static class StableSort
{
    /// <summary>Sorts elements by keys. A comparison that fails throws as it is, which the library's sorts do not promise.</summary>
    public static List<T> By<T>(IReadOnlyList<T> items, Func<T, Value> key, bool isReverse, Budget budget)
    {
        budget.AllocateElements(items.Count * 3L);
        Value[] keys = [.. items.Select(key)];
        int[] places = [.. Enumerable.Range(0, items.Count)];
        var spare = new int[places.Length];
        for (int width = 1; width < places.Length; width *= 2)
        {
            for (int start = 0; start < places.Length; start += width * 2)
                Merge(start, Math.Min(start + width, places.Length), Math.Min(start + (width * 2), places.Length));
            (places, spare) = (spare, places);
        }

        return [.. places.Select(place => items[place])];

        void Merge(int left, int middle, int end)
        {
            int right = middle;
            for (int i = left, to = left; to < end; to++)
                spare[to] = right == end || (i < middle && !IsBefore(places[right], places[i])) ? places[i++] : places[right++];
        }

        bool IsBefore(int right, int left) => isReverse
            ? budget.Comparer.Compare(keys[left], keys[right]) < 0
            : budget.Comparer.Compare(keys[right], keys[left]) < 0;
    }
}
