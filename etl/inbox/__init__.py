"""What readers send back, remarks and pictures, read by Amazon's services. Nothing of it is public.

A form lets readers write below `inbox/incoming/` alone. Each letter is taken in once: its text, or
a copy of its picture that tells nothing of the camera, is kept, the original deleted; the services
are asked; what they say becomes `inbox/results/ID.json`. Start at `rounds.py`.
"""
