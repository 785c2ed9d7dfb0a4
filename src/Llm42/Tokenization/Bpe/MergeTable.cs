using System.Numerics;

namespace Llm42.Tokenization.Bpe;

/// <summary>The merges by pair of ids: an open-addressed hash table, filled once and then only read.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;

    private readonly ulong[] _keys;
    private readonly Merge[] _values;
    private readonly int _shift;

    public MergeTable(int capacity)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 2L));
        _shift = 64 - BitOperations.Log2((uint)size);
        _keys = new ulong[size];
        _values = new Merge[size];
        Array.Fill(_keys, Empty);
    }

    /// <summary>Sets the merge of a pair; a later one replaces an earlier one.</summary>
    public void Set(int left, int right, Merge merge)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        while (_keys[slot] != Empty && _keys[slot] != key)
        {
            slot = (slot + 1) & (_keys.Length - 1);
        }

        _keys[slot] = key;
        _values[slot] = merge;
    }

    public bool TryGet(int left, int right, out Merge merge)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        ulong[] keys = _keys;
        while (true)
        {
            ulong found = keys[slot];
            if (found == key)
            {
                merge = _values[slot];
                return true;
            }

            if (found == Empty)
            {
                merge = default;
                return false;
            }

            slot = (slot + 1) & (keys.Length - 1);
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);
}

/// <summary>What becomes of a pair.</summary>
/// <param name="Rank">Lower ranks merge first.</param>
/// <param name="Id">The id of the merged token.</param>
internal readonly record struct Merge(int Rank, int Id);
