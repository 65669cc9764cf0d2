namespace ILGPU.Runtime.CPU;

/// <summary>An operation that threads of a group meet at, and where in the source it is.</summary>
internal readonly record struct SyncPoint(string Operation, string Member, int Line)
{
    public override string ToString() => $"{Operation} ({Member}, line {Line})";
}

/// <summary>Where all threads of a group, or of a warp, meet.</summary>
internal struct Rendezvous
{
    public int FirstThread, Threads;
    public int Arrived, Finished;

    /// <summary>How many meetings there were; its parity says which of two buffers the next one uses.</summary>
    public int Meetings;
    public SyncPoint Point;
    public int FirstArrived;
}
