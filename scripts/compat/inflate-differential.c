#include "CDecompression.h"
#include <zlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static double now(){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec*1e-9;}
static uint64_t r=88172645463325252ull; static uint64_t rnd(){r^=r<<13;r^=r>>7;r^=r<<17;return r;}
int main(int c,char**v){
  // bench
  FILE*f=fopen(v[1],"rb");size_t n=1<<25;unsigned char*a=malloc(n),*b=malloc(n*2),*o=malloc(n+1000);n=fread(a,1,n,f);
  for(int i=0;i<3;i++){ z_stream z={0};deflateInit2(&z,6,8,-15,9,0);z.next_in=a;z.avail_in=n;z.next_out=b;z.avail_out=2*n;deflate(&z,4);size_t m=z.total_out;deflateEnd(&z);
   double t=now(); z_stream y={0};inflateInit2(&y,-15);y.next_in=b;y.avail_in=m;y.next_out=o;y.avail_out=n;int q=inflate(&y,4);inflateEnd(&y);double t1=now();
   struct inflate_state*s=malloc(sizeof*s);inflate_begin(s);const uint8_t*in=b;uint8_t*out=o;memset(o,0,n);double t2=now();int q2=inflate_run(s,&in,b+m,o,&out,o+n);double t3=now();
   printf("%zu->%zu zlib %d %.0f MB/s ours %d %.0f MB/s eq %d\n",n,m,q,n/1e6/(t1-t),q2,n/1e6/(t3-t2),memcmp(a,o,n));
   t=now();unsigned k=crc32(0,a,n);t1=now();unsigned k2=crc32_update(0,a,n);t2=now();unsigned k3=crc32_update_portable(0,a,n);t3=now();
   printf("crc %x %x %x  %.0f %.0f %.0f\n",k,k2,k3,n/1e6/(t1-t),n/1e6/(t2-t1),n/1e6/(t3-t2)); }
  long bad=0,ok=0,N=atol(v[2]); struct inflate_state*s=malloc(sizeof*s);
  for(long it=0;it<N;it++){ size_t len=rnd()%3000, off=rnd()%(n-4000); unsigned char src[4000];memcpy(src,a+off,len); int kind=rnd()%4; if(kind==0)for(size_t i=0;i<len;i++)src[i]=rnd(); if(kind==1)for(size_t i=0;i<len;i++)src[i]=rnd()%3?'a':'b'+rnd()%2;
   z_stream z={0};deflateInit2(&z,rnd()%10,8,-15,1+rnd()%9,rnd()%5);z.next_in=src;z.avail_in=len;static unsigned char cmp[20000];z.next_out=cmp;z.avail_out=20000;deflate(&z,4);size_t m=z.total_out;deflateEnd(&z);
   int mut=rnd()%2; if(mut){int k=1+rnd()%3;while(k--)cmp[rnd()%m]^=1<<(rnd()%8); if(rnd()%8==0)m=rnd()%m;} if(rnd()%16==0){m=1+rnd()%200;for(size_t i=0;i<m;i++)cmp[i]=rnd();cmp[0]=(cmp[0]&~7)|(rnd()%2?5:3);}
   size_t cap=rnd()%2?len:8000; static unsigned char o1[8000],o2[8000];
   z_stream y={0};inflateInit2(&y,-15);y.next_in=cmp;y.avail_in=m;y.next_out=o1;y.avail_out=cap;int q=inflate(&y,2);size_t n1=y.total_out, c1=y.total_in;inflateEnd(&y);
   // ours, pieces
   inflate_begin(s);unsigned char*ib=malloc(m?m:1);memcpy(ib,cmp,m);unsigned char*ob=malloc(cap?cap:1);const uint8_t*in=ib;uint8_t*out=ob;int q2;size_t ipos=0,opos=0;int whole=rnd()%2;
   do{ if(whole){ipos=m;opos=cap;}else{ ipos+=rnd()%40; if(ipos>m)ipos=m; opos+=rnd()%500;if(opos>cap)opos=cap;} if(ib+ipos<in)ipos=in-ib; if(ob+opos<out)opos=out-ob;
     q2=inflate_run(s,&in,ib+ipos,ob,&out,ob+opos);
     if(q2==INFLATE_NEEDS_INPUT&&ipos==m)break; if(q2==INFLATE_NEEDS_OUTPUT&&opos==cap)break;
   }while(q2==INFLATE_NEEDS_INPUT||q2==INFLATE_NEEDS_OUTPUT);
   size_t n2=out-ob; int good1=q==Z_STREAM_END, good2=q2==INFLATE_ENDED; size_t c2=(in-ib)-(s->bit_count>>3);
   int err1=q==Z_DATA_ERROR, err2=q2>INFLATE_NEEDS_OUTPUT;
   if(good1!=good2||(good1&&(n1!=n2||memcmp(o1,ob,n1)||c1!=c2))||(err1!=err2&&!(n1==cap))){bad++;if(bad<10)printf("MISMATCH it %ld q %d q2 %d n %zu %zu cap %zu c %zu %zu m %zu whole %d\n",it,q,q2,n1,n2,cap,c1,c2,m,whole);}
   ok+=good1; free(ib);free(ob);
  }
  printf("streams %ld good %ld bad %ld\n",N,ok,bad);
}
